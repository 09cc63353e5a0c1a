import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeFrame, encodeFrame, FrameError, FrameReader, OPCODE } from './websocket-frames.ts';

describe('FrameReader', () => {
  it('gives back what was encoded, however the stream is cut', () => {
    const frame = fc.record({
      opcode: fc.constantFrom(OPCODE.text, OPCODE.binary, OPCODE.continuation),
      payload: fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ minLength: 65_530, maxLength: 65_540 })),
    });
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 4 }),
        fc.boolean(),
        fc.array(fc.nat(2000), { minLength: 1, maxLength: 8 }),
        (frames, masked, cuts) => {
          const stream = Buffer.concat(
            frames.map(({ opcode, payload }) => encodeFrame(opcode, Buffer.from(payload), { masked })),
          );
          const reader = new FrameReader({ masked, maxPayload: 70_000 });
          const read = [];
          for (let at = 0, i = 0; at < stream.length; i += 1) {
            const size = (cuts[i % cuts.length] ?? 0) + 1;
            read.push(...reader.push(stream.subarray(at, at + size)));
            at += size;
          }
          expect(read.map(({ opcode, payload }) => [opcode, payload.toString('hex')])).toEqual(
            frames.map(({ opcode, payload }) => [opcode, Buffer.from(payload).toString('hex')]),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it('throws nothing but a FrameError, whatever it is fed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          new FrameReader({ masked: true, maxPayload: 1000 }).push(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('unmasks', () => {
    const [frame] = new FrameReader({ masked: true, maxPayload: 10 }).push(
      Buffer.from([0x81, 0x82, 1, 2, 3, 4, 0x68 ^ 1, 0x69 ^ 2]),
    );
    expect(frame?.payload.toString()).toBe('hi');
  });

  it('refuses a frame by its announced size, before it has come in', () => {
    const reader = new FrameReader({ masked: true, maxPayload: 1000 });
    expect(() => reader.push(Buffer.from([0x81, 0xfe, 0x03, 0xe9, 0, 0, 0, 0]))).toThrow('too big');
  });
});

it('closeFrame cuts a reason that does not fit a control frame', () => {
  const frame = closeFrame(1001, 'x'.repeat(200));
  expect(frame.length).toBe(127);
  expect(frame.readUInt16BE(2)).toBe(1001);
});
