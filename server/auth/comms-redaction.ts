import { redact } from '../config/index.ts';
import { encodeFrame, FrameReader, OPCODE } from './websocket-frames.ts';

/** Far above what Node-RED sends at once: debug messages are cut, a list of all statuses is the longest. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * What Node-RED sends to an editor, without secrets: a debug node may be wired to anything, and a status or an error may
 * quote what a service answered. Frame by frame, as only a whole text can be looked through.
 */
export class CommsRedaction {
  readonly #frames = new FrameReader({ masked: false, maxPayload: MAX_FRAME_BYTES });
  #head: Buffer | null = Buffer.alloc(0);
  /** It was no upgrade: nothing of it is a frame. */
  #refused = false;
  /** Pieces of a message that comes in several frames. */
  #parts: Buffer[] = [];

  /** @returns what to send in its place. @throws FrameError when it is not what a websocket server sends */
  push(chunk: Buffer): Buffer {
    if (this.#refused) return chunk;
    if (this.#head === null) return this.#redacted(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf(HEAD_END);
    // The answer to the upgrade is in Node-RED's words, and holds nothing of a flow.
    if (end === -1) return Buffer.alloc(0);
    const head = this.#head.subarray(0, end + HEAD_END.length);
    const rest = this.#head.subarray(head.length);
    this.#head = null;
    this.#refused = head.subarray(0, 12).toString('latin1') !== 'HTTP/1.1 101';
    return Buffer.concat([head, this.#refused ? rest : this.#redacted(rest)]);
  }

  #redacted(chunk: Buffer): Buffer {
    const out: Buffer[] = [];
    for (const { fin, opcode, payload } of this.#frames.push(chunk)) {
      if (opcode !== OPCODE.text && opcode !== OPCODE.continuation) {
        out.push(encodeFrame(opcode, payload, { masked: false }));
        continue;
      }
      this.#parts.push(payload);
      if (!fin) continue;
      const text = Buffer.concat(this.#parts).toString('utf8');
      this.#parts = [];
      out.push(encodeFrame(OPCODE.text, Buffer.from(redact(text)), { masked: false }));
    }
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }
}
