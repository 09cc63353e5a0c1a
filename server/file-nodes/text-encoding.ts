import { createRequire } from 'node:module';
import { StringDecoder } from 'node:string_decoder';

interface Decoder {
  write(bytes: Buffer): string;
  end(): string | undefined;
}

interface Iconv {
  encode(text: string, encoding: string): Buffer;
  decode(bytes: Buffer, encoding: string): string;
  getDecoder(encoding: string): Decoder;
}

/** The dialog's word for UTF-8 as Node.js has it. */
export const NO_ENCODING = 'none';

export function encode(data: unknown, encoding: string): Buffer {
  if (encoding !== NO_ENCODING) return iconv().encode(String(data), encoding);
  return typeof data === 'string' ? Buffer.from(data) : Buffer.from(data as Uint8Array);
}

export function decode(bytes: Buffer, encoding: string): string {
  return encoding === NO_ENCODING ? bytes.toString() : iconv().decode(bytes, encoding);
}

/** For text that comes in pieces, which may end within a character. */
export function decoder(encoding: string): Decoder {
  return encoding === NO_ENCODING ? new StringDecoder('utf8') : iconv().getDecoder(encoding);
}

let loaded: Iconv | null = null;

/** Node-RED's own, so that the encodings are the same. Its tables take a while to load, and few files need them. */
function iconv(): Iconv {
  const nodes = createRequire(import.meta.url).resolve('@node-red/nodes/package.json');
  loaded ??= createRequire(nodes)('iconv-lite') as Iconv;
  return loaded;
}
