import type { Socket } from 'node:net';
import { CLOSE, closeFrame } from '../auth/websocket-frames.ts';

const FIRST_CONTROL = 8;
/** Two bytes, eight of length, four of mask. */
const LONGEST_HEAD = 14;

/** Follows the heads of frames in a byte stream, holding nothing of what they carry. */
export class FrameMeter {
  readonly #max: number;
  readonly #head = Buffer.alloc(LONGEST_HEAD);
  #have = 0;
  /** Bytes of the frame's payload that are still to come. */
  #left = 0;
  /** What the fragments of the message so far add up to. */
  #message = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns false when a message is announced that is larger than allowed */
  push(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, chunk.length - at);
        this.#left -= skipped;
        at += skipped;
        continue;
      }
      this.#head[this.#have] = chunk[at] ?? 0;
      this.#have += 1;
      at += 1;
      if (this.#have === this.#headLength() && !this.#begin()) return false;
    }
    return true;
  }

  #headLength(): number {
    if (this.#have < 2) return 2;
    const second = this.#head.readUInt8(1);
    const short = second & 0x7f;
    return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4);
  }

  #begin(): boolean {
    const first = this.#head.readUInt8(0);
    const short = this.#head.readUInt8(1) & 0x7f;
    const length =
      short === 126 ? this.#head.readUInt16BE(2) : short === 127 ? Number(this.#head.readBigUInt64BE(2)) : short;
    this.#have = 0;
    this.#left = length;
    if ((first & 0x0f) >= FIRST_CONTROL) return true;
    this.#message += length;
    if (this.#message > this.#max) return false;
    if ((first & 0x80) !== 0) this.#message = 0;
    return true;
  }
}

/**
 * Ends a flow's websocket (1009) whose client announces a message over the limit: the websocket node itself would take
 * 100 MiB into memory. Seen where chunks come in, as a listener for data would take them from the websocket.
 */
export function limitFrames(socket: Socket, head: Uint8Array, max: number): boolean {
  const meter = new FrameMeter(max);
  let cut = false;
  const end = (): false => {
    cut = true;
    socket.end(closeFrame(CLOSE.tooBig, 'too big'), () => socket.destroy());
    return false;
  };
  if (!meter.push(head)) return end();
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (cut) return false;
    if (chunk instanceof Uint8Array && !meter.push(chunk)) return end();
    return push(chunk, encoding);
  };
  return true;
}
