import { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packMessage, unpackMessage } from './message-codec.ts';
import type { Message } from './red.ts';

const through = (message: object): Message => unpackMessage(packMessage(message as Message).text);

describe('a message as text', () => {
  it('comes back as it went in', () => {
    const message = {
      _msgid: 'a',
      bytes: Buffer.from([0, 255]),
      when: new Date(5),
      nothing: undefined,
      no: null,
      big: 12345678901234567890n,
      numbers: [Number.NaN, Number.POSITIVE_INFINITY, -0, 1.5],
      map: new Map([['a', new Set([1])]]),
      tagged: { $seqera: 'date', value: 'not one' },
    };
    expect(through(message)).toEqual(message);
  });

  it('comes back as it went in, whatever JSON it holds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (message) => {
        const { req: _req, res: _res, ...kept } = message;
        expect(through(kept)).toEqual(kept);
      }),
    );
  });

  it('leaves out what cannot outlive the process, and names it', () => {
    const around: Record<string, unknown> = {
      _msgid: 'a',
      req: {},
      res: {},
      run: () => 1,
      deep: { socket: new Socket() },
      list: [() => 1, 2],
    };
    around.self = around;
    const { text, dropped } = packMessage(around as Message);
    expect(dropped.sort()).toEqual(['deep.socket', 'list[0]', 'req', 'res', 'run', 'self']);
    expect(unpackMessage(text)).toEqual({ _msgid: 'a', deep: {}, list: [null, 2] });
  });
});
