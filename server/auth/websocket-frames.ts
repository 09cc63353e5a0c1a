/** The part of RFC 6455 that the guard of /comms needs: reading frames of either side, writing single ones. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly fin: boolean;
  readonly opcode: number;
  /** Unmasked. */
  readonly payload: Buffer;
}

export const CLOSE = { goingAway: 1001, protocolError: 1002, unsupported: 1003, policy: 1008, tooBig: 1009 } as const;

/** The peer broke the protocol; `closeCode` is what to tell it. */
export class FrameError extends Error {
  readonly closeCode: number;

  constructor(closeCode: number, message: string) {
    super(message);
    this.name = 'FrameError';
    this.closeCode = closeCode;
  }
}

const KNOWN = new Set<number>(Object.values(OPCODE));

/** Cuts a byte stream into frames. Holds no more than one frame of `maxPayload`, and copies each byte once. */
export class FrameReader {
  readonly #masked: boolean;
  readonly #maxPayload: number;
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes that must be there before it is worth looking again: a frame sent byte by byte must not be joined each time. */
  #needed = 2;

  /** `masked`: frames of a client, which must be masked; those of a server must not be. */
  constructor(options: { masked: boolean; maxPayload: number }) {
    this.#masked = options.masked;
    this.#maxPayload = options.maxPayload;
  }

  /** Throws a FrameError; the reader is of no use after that. */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed) return [];
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#size);
    const frames: Frame[] = [];
    for (;;) {
      const read = this.#read(rest);
      if (typeof read === 'number') {
        this.#needed = read;
        break;
      }
      frames.push(read.frame);
      rest = rest.subarray(read.length);
    }
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    return frames;
  }

  /** The frame at the beginning, or how many bytes it takes to tell more. */
  #read(bytes: Buffer): { frame: Frame; length: number } | number {
    if (bytes.length < 2) return 2;
    const first = bytes.readUInt8(0);
    const second = bytes.readUInt8(1);
    const opcode = first & 0x0f;
    const fin = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw new FrameError(CLOSE.protocolError, 'reserved bits');
    if (!KNOWN.has(opcode)) throw new FrameError(CLOSE.protocolError, 'unknown opcode');
    if (((second & 0x80) !== 0) !== this.#masked) throw new FrameError(CLOSE.protocolError, 'wrong masking');
    const short = second & 0x7f;
    if (opcode >= OPCODE.close && (!fin || short > 125)) throw new FrameError(CLOSE.protocolError, 'control frame');

    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const head = 2 + extended + (this.#masked ? 4 : 0);
    if (bytes.length < head) return head;
    const length = extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (length > this.#maxPayload) throw new FrameError(CLOSE.tooBig, 'frame too big');
    if (bytes.length < head + length) return head + length;

    const payload = Buffer.from(bytes.subarray(head, head + length));
    if (this.#masked) {
      const mask = bytes.subarray(head - 4, head);
      for (let i = 0; i < payload.length; i += 1) payload[i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0);
    }
    return { frame: { fin, opcode, payload }, length: head + length };
  }
}

/** One whole frame. Masked with zeroes where the reader insists on a mask: the payload stays as it is. */
export function encodeFrame(opcode: number, payload: Buffer, options: { masked: boolean }): Buffer {
  const maskBit = options.masked ? 0x80 : 0;
  const { length } = payload;
  let head: Buffer;
  if (length < 126) head = Buffer.from([0x80 | opcode, maskBit | length]);
  else if (length < 65_536) {
    head = Buffer.from([0x80 | opcode, maskBit | 126, 0, 0]);
    head.writeUInt16BE(length, 2);
  } else {
    head = Buffer.from([0x80 | opcode, maskBit | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat(options.masked ? [head, Buffer.alloc(4), payload] : [head, payload]);
}

/** A server's close frame. The reason is cut to what fits. */
export function closeFrame(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return encodeFrame(OPCODE.close, Buffer.concat([payload, Buffer.from(reason).subarray(0, 123)]), { masked: false });
}
