import { randomBytes } from 'node:crypto';

export interface FilePart {
  /** Letters, digits and `._-`: what else a name can hold is not the same for every server. */
  fileName: string;
  contentType: string;
  data: Uint8Array;
}

/** A form with one file in it. */
export function multipartOf(field: string, { fileName, contentType, data }: FilePart): { type: string; data: Buffer } {
  const boundary = `seqera-${randomBytes(18).toString('hex')}`;
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${fileName}"\r\nContent-Type: ${contentType}\r\n\r\n`;
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    data: Buffer.concat([Buffer.from(head), data, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}
