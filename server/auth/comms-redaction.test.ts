import { describe, expect, it } from 'vitest';
import { Secret } from '../config/index.ts';
import { CommsRedaction } from './comms-redaction.ts';
import { encodeFrame, FrameReader, OPCODE } from './websocket-frames.ts';

const HEAD = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';
const token = 'a-token-of-"the"-debug-sidebar';
new Secret(token);

const frame = (text: string): Buffer => encodeFrame(OPCODE.text, Buffer.from(text), { masked: false });
function texts(bytes: Buffer): string[] {
  const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
  return new FrameReader({ masked: false, maxPayload: 1e7 }).push(body).map(({ payload }) => payload.toString());
}

describe('CommsRedaction', () => {
  const debug = [{ topic: 'debug', data: { msg: JSON.stringify({ token, hex: Buffer.from(token).toString('hex') }) } }];
  const sent = Buffer.concat([
    Buffer.from(HEAD),
    frame('{"auth":"ok"}'),
    frame(JSON.stringify(debug)),
    frame('ä'.repeat(70_000)),
  ]);

  it('strips secrets of debug messages, and leaves the rest as it is', () => {
    const [auth, message, long] = texts(new CommsRedaction().push(sent));
    expect(auth).toBe('{"auth":"ok"}');
    expect(JSON.parse(JSON.parse(message ?? '')[0].data.msg)).toEqual({ token: '[redacted]', hex: '[redacted]' });
    expect(long).toBe('ä'.repeat(70_000));
  });

  it('does so wherever the stream is cut', () => {
    for (const size of [1, 2, 7, 100, 65_536]) {
      const redaction = new CommsRedaction();
      const out: Buffer[] = [];
      for (let at = 0; at < sent.length; at += size) out.push(redaction.push(sent.subarray(at, at + size)));
      const whole = Buffer.concat(out);
      expect(whole.includes('debug-sidebar')).toBe(false);
      expect(texts(whole)).toHaveLength(3);
    }
  });

  it('passes a refused upgrade on', () => {
    const answer = Buffer.from('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\nUnauthorized');
    const redaction = new CommsRedaction();
    expect(redaction.push(answer)).toEqual(answer);
    expect(redaction.push(answer)).toEqual(answer);
  });
});
