import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type CommsGuardOptions, type CommsSocket, protectComms } from './protect-comms.ts';
import { encodeFrame, FrameReader, OPCODE } from './websocket-frames.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const HEAD = 'HTTP/1.1 101 Switching Protocols\r\n\r\n';

/** A guarded socket, its browser, and what Node-RED would read. */
async function pair(
  options: CommsGuardOptions = {},
  head: Buffer = Buffer.alloc(0),
): Promise<{ guarded: CommsSocket; browser: Socket; passed: string[] }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const browser = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  const guarded = protectComms(socket, head, options);
  cleanups.push(() => {
    browser.destroy();
    guarded.destroy();
    server.close();
  });
  const passed: string[] = [];
  const reader = new FrameReader({ masked: true, maxPayload: 1e6 });
  guarded.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) passed.push(frame.payload.toString());
    guarded.emit('passed');
  });
  guarded.write(HEAD);
  return { guarded, browser, passed };
}

const say = (value: unknown): Buffer => encodeFrame(OPCODE.text, Buffer.from(JSON.stringify(value)), { masked: true });
const answer = (text: string): Buffer => encodeFrame(OPCODE.text, Buffer.from(text), { masked: false });

async function ending(browser: Socket): Promise<string> {
  let text = '';
  browser.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  await once(browser, 'close');
  return text;
}

describe('protectComms', () => {
  it('ends a connection that does not sign in, with the word that makes the editor ask for it', async () => {
    const settled: boolean[] = [];
    const { browser } = await pair({
      limits: { maxMessageBytes: 1000, authenticateWithinMs: 30 },
      onSettled: (ok) => settled.push(ok),
    });
    const text = await ending(browser);
    expect(text).toContain('{"auth":"fail"}');
    expect(text).toContain('not authenticated in time');
    expect(settled).toEqual([false]);
  });

  it('also ends one whose session is never confirmed', async () => {
    const { browser, guarded, passed } = await pair({ limits: { maxMessageBytes: 1000, authenticateWithinMs: 50 } });
    browser.write(say({ auth: 'token' }));
    await once(guarded, 'passed');
    expect(passed).toEqual(['{"auth":"token"}']);
    expect(await ending(browser)).toContain('not authenticated in time');
  });

  it('keeps one that signed in, and passes only the known fields of a message', async () => {
    const settled: boolean[] = [];
    const { browser, guarded, passed } = await pair({
      limits: { maxMessageBytes: 1000, authenticateWithinMs: 60 },
      onSettled: (ok) => settled.push(ok),
    });
    browser.write(say({ auth: 'token', extra: 1 }));
    await once(guarded, 'passed');
    // In pieces, as a stream may deliver it.
    const ok = answer('{"auth":"ok"}');
    guarded.write(ok.subarray(0, 5));
    guarded.write(ok.subarray(5));
    await once(browser, 'data');
    browser.write(Buffer.concat([say({ auth: 'again' }), say({ subscribe: 'debug', topic: 'x', data: null })]));
    await once(guarded, 'passed');
    expect(passed).toEqual(['{"auth":"token"}', '{"subscribe":"debug"}']);
    expect(settled).toEqual([true]);
    // Past the deadline, which must be off by now: nothing happens, so there is no event to wait for.
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(guarded.destroyed).toBe(false);
  });

  it('takes one attempt only', async () => {
    const reasons: string[] = [];
    const { browser, passed } = await pair({ onRefused: (reason) => reasons.push(reason) });
    browser.write(Buffer.concat([say({ auth: 'one' }), say({ auth: 'two' })]));
    await ending(browser);
    expect(passed.filter((text) => text.includes('two'))).toEqual([]);
    expect(reasons).toEqual(['message before sign-in']);
  });

  it('reads what came together with the request to upgrade', async () => {
    const { guarded, passed } = await pair({}, say({ auth: 'early' }));
    if (passed.length === 0) await once(guarded, 'passed');
    expect(passed).toEqual(['{"auth":"early"}']);
  });

  it('outlives a handler that throws while it is given a message', async () => {
    const { browser, guarded } = await pair();
    guarded.removeAllListeners('data');
    guarded.on('data', () => {
      throw new TypeError('as comms.js does');
    });
    browser.write(say({ auth: 'token' }));
    expect(await ending(browser)).toContain('could not be handled');
  });

  it('holds no more than its limit of a message in fragments', async () => {
    const { browser } = await pair({ limits: { maxMessageBytes: 1000, authenticateWithinMs: 5000 } });
    const fragment = (first: boolean): Buffer => {
      const frame = encodeFrame(first ? OPCODE.text : OPCODE.continuation, Buffer.alloc(400, 0x20), { masked: true });
      frame[0] = (frame[0] ?? 0) & 0x7f;
      return frame;
    };
    browser.write(Buffer.concat([fragment(true), fragment(false), fragment(false)]));
    expect(await ending(browser)).toContain('message too big');
  });
});
