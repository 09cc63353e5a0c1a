import { describe, expect, it } from 'vitest';
import { FakeRed } from '../testing/fake-red.ts';
import { defineNode } from './define-node.ts';
import { invalidInput } from './errors.ts';
import type { NodeHost } from './node-host.ts';
import { NodeStore } from './node-store.ts';
import type { RedNode } from './red.ts';

function nodeThat(setup: (host: NodeHost) => void) {
  const red = new FakeRed({ settings: { seqeraClient: { drainMs: 50 } } });
  red.load(defineNode('test', setup));
  return { red, node: red.create('test') };
}

describe('an input', () => {
  it.each([
    ['a rejection', async () => Promise.reject(invalidInput('bad'))],
    [
      'a throw',
      () => {
        throw invalidInput('bad');
      },
    ],
  ])('ends once with its error after %s', async (_, handler) => {
    const { red, node } = nodeThat((host) => host.onInput(handler));
    node.receive();
    await red.until(() => node.done.length === 1);
    expect(node.done[0]?.error).toMatchObject({ code: 'SEQERA_INVALID_INPUT', message: 'bad' });
    expect(node.statuses.at(-1)).toMatchObject({ fill: 'red', text: expect.stringMatching(/^invalid input · /) });
  });

  it('gives a fault of the node itself a code, too', async () => {
    const { red, node } = nodeThat((host) => host.onInput(async () => (undefined as unknown as { a: never }).a));
    node.receive();
    await red.until(() => node.done.length === 1);
    expect(node.done[0]?.error).toMatchObject({ code: 'SEQERA_INTERNAL' });
  });

  it('is waited for when the node closes, and cut when that takes too long', async () => {
    let release: () => void = () => undefined;
    const { node } = nodeThat((host) =>
      host.onInput(async (msg) => {
        await new Promise<void>((resolve, reject) => {
          if (msg.quick) release = resolve;
          else host.signal.addEventListener('abort', () => reject(invalidInput('cut')));
        });
      }),
    );
    node.receive({ quick: true });
    node.receive({ quick: false });
    const closed = node.close();
    release();
    await closed;
    expect(node.done.map(({ error }) => error?.message)).toEqual([undefined, 'cut']);
  });

  it('sends nothing when the node is gone, also when its work ends well after that', async () => {
    let release: () => void = () => undefined;
    const { red, node } = nodeThat((host) =>
      host.onInput(async (msg, send) => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        send(msg);
      }),
    );
    node.receive();
    await node.close();
    release();
    await red.until(() => node.done.length === 1);
    expect(node.sent).toEqual([]);
    expect(node.done[0]?.error).toMatchObject({ code: 'SEQERA_STOPPED' });
  });

  it('shows at once that there is no connection, and not only when a message comes', async () => {
    const { red, node } = nodeThat((host) => host.onInput(async () => undefined));
    red.started();
    await red.until(() => node.statuses.length > 0);
    expect(node.statuses.at(-1)).toMatchObject({ fill: 'red', text: expect.stringMatching(/^no connection · /) });
  });
});

describe('what a node keeps', () => {
  it('outlives a deploy where Node-RED empties the context of a closed node', async () => {
    const red = new FakeRed({ settings: { contextStorage: undefined } });
    red.load(defineNode('test', () => undefined));
    const store = () => new NodeStore(red.api, red.create('test', { id: 'kept' }) as unknown as RedNode);
    const first = store();
    await first.set('watch-1', { a: 1 });
    await first.close(false);
    red.store.scopes.clear();
    const second = store();
    expect(await second.keys('watch-')).toEqual(['watch-1']);
    expect(await second.get('watch-1')).toEqual({ a: 1 });
    await second.close(true);
    red.store.scopes.clear();
    expect(await store().keys('')).toEqual([]);
  });

  it('is asked for in the store named durable, and only where there is one', async () => {
    for (const [storeName, asked] of [
      ['durable', 'durable'],
      ['file', undefined],
    ] as const) {
      const red = new FakeRed({ storeName });
      red.load(defineNode('test', () => undefined));
      const names: unknown[] = [];
      const node = red.create('test');
      const context = node.context() as { set: (...args: unknown[]) => void };
      const set = (...args: unknown[]) => {
        names.push(args[2]);
        context.set(...args);
      };
      node.context = () => ({ ...context, set });
      await new NodeStore(red.api, node as unknown as RedNode).set('a', 1);
      expect(names).toEqual([asked]);
    }
  });
});
