import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, OPCODE } from '../auth/websocket-frames.ts';
import { FrameMeter } from './frame-limit.ts';

const MAX = 70_000;
const frame = (opcode: number, size: number, fin = true): Buffer => {
  const bytes = encodeFrame(opcode, Buffer.alloc(size, 7), { masked: true });
  if (!fin) bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes;
};

describe('the limit of websocket messages', () => {
  it('sees the size of a message however its bytes are cut and whatever comes before it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 1, 125, 126, 65_535, 65_536, MAX), { maxLength: 4 }),
        fc.integer({ min: 1, max: 9000 }),
        fc.boolean(),
        (sizes, step, over) => {
          const meter = new FrameMeter(MAX);
          const stream = Buffer.concat([
            ...sizes.flatMap((size) => [frame(OPCODE.binary, size), frame(OPCODE.ping, 3)]),
            frame(OPCODE.text, MAX + (over ? 1 : 0)).subarray(0, 200),
          ]);
          let fine = true;
          for (let at = 0; at < stream.length && fine; at += step) fine = meter.push(stream.subarray(at, at + step));
          expect(fine).toBe(!over);
        },
      ),
    );
  });

  it('adds the fragments of a message up, control frames between them aside', () => {
    const meter = new FrameMeter(MAX);
    expect(meter.push(frame(OPCODE.text, 40_000, false))).toBe(true);
    expect(meter.push(frame(OPCODE.ping, 100))).toBe(true);
    expect(meter.push(frame(OPCODE.continuation, 30_000, true))).toBe(true);
    expect(meter.push(frame(OPCODE.text, 40_000, false))).toBe(true);
    expect(meter.push(frame(OPCODE.continuation, 30_001, false))).toBe(false);
  });

  it('believes no length of 64 bits', () => {
    const head = Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    expect(new FrameMeter(MAX).push(head)).toBe(false);
  });
});
