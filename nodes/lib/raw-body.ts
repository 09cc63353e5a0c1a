import type { IncomingMessage } from 'node:http';

export type BodyFault = 'too large' | 'too slow' | 'cut off' | 'read already';

/** The body as it came, byte by byte: what a signature is over. */
export function readRawBody(req: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<Buffer | BodyFault> {
  // Another node's parser came first, and what it made of the body cannot be turned back.
  if ((req as { _body?: boolean })._body === true || req.readableEnded) return Promise.resolve('read already');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (result: Buffer | BodyFault): void => {
      clearTimeout(timer);
      req.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      // Its error, if it has one yet, is nobody's.
      req.on('error', () => undefined);
      if (typeof result === 'string') req.pause();
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) end('too large');
      else chunks.push(chunk);
    };
    const onEnd = (): void => end(Buffer.concat(chunks, size));
    const onClose = (): void => end('cut off');
    const timer = setTimeout(() => end('too slow'), timeoutMs);
    req.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}
