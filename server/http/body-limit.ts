import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from '../auth/refusal.ts';

/** As Node-RED's `apiMaxLength`, which only counts JSON and form bodies: raw and multipart ones it reads without limit. */
export const MAX_BODY_BYTES = 5 * 1024 * 1024;

const TOO_LARGE = { status: 413, body: 'The request body is too large' } as const;

/**
 * Refuses a body over the limit. False when the request was answered. A body of unannounced length is counted as it
 * comes in and cut at the limit.
 */
export function withinBodyLimit(req: IncomingMessage, res: ServerResponse, limit = MAX_BODY_BYTES): boolean {
  const length = req.headers['content-length'];
  if (length !== undefined && Number(length) > limit) {
    refuse(req, res, TOO_LARGE);
    return false;
  }
  if (req.headers['transfer-encoding'] !== undefined) countChunks(req, res, limit);
  return true;
}

/** Reading through 'data' would start the stream before the flow's parser listens; push() is where each chunk comes in. */
function countChunks(req: IncomingMessage, res: ServerResponse, limit: number): void {
  const push = req.push.bind(req);
  let received = 0;
  let cut = false;
  req.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (cut) return false;
    if (chunk instanceof Uint8Array) received += chunk.byteLength;
    if (received <= limit) return push(chunk, encoding);
    cut = true;
    refuse(req, res, TOO_LARGE);
    // Whoever reads the body must learn that it ends here and is not whole.
    res.once('close', () => req.destroy());
    res.once('finish', () => req.destroy());
    return false;
  };
}
