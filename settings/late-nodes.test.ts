import { describe, expect, it } from 'vitest';
import { LateNodes } from './late-nodes.ts';

function store(nodes: { type: string }[] = []) {
  const events: string[] = [];
  const late = new LateNodes();
  const storage = late.before({
    label: 'store',
    async getFlows() {
      events.push(`read from ${this.label}`);
      return nodes;
    },
    async saveFlows(given: readonly { type: string }[], user?: unknown) {
      events.push(`saved ${given.length} for ${String(user)}`);
    },
  });
  const add = (name: string, types: string[], load: () => Promise<void> = async () => {}): void =>
    late.add(types, async () => {
      events.push(`loaded ${name}`);
      await load();
    });
  return { events, storage, add };
}

describe('LateNodes', () => {
  it('loads what flows have before they are handed out, each file once', async () => {
    const { events, storage, add } = store([{ type: 'mqtt in' }, { type: 'mqtt out' }, { type: 'tab' }]);
    add('mqtt', ['mqtt in', 'mqtt out']);
    add('xml', ['xml']);
    expect(await storage.getFlows()).toHaveLength(3);
    await storage.getFlows();
    expect(events).toEqual(['read from store', 'loaded mqtt', 'read from store']);
    expect(storage.label).toBe('store');
  });

  it('loads what a deploy brings before it is saved', async () => {
    const { events, storage, add } = store();
    add('xml', ['xml']);
    await storage.saveFlows([{ type: 'xml' }], 'ada');
    expect(events).toEqual(['loaded xml', 'saved 1 for ada']);
  });

  it('refuses a deploy whose nodes cannot be loaded, and tries again with the next', async () => {
    const { events, storage, add } = store();
    let broken = true;
    add('xml', ['xml'], async () => {
      if (broken) throw new Error('no such module');
    });
    await expect(storage.saveFlows([{ type: 'xml' }])).rejects.toThrow('no such module');
    broken = false;
    await storage.saveFlows([{ type: 'xml' }], 'ada');
    expect(events).toEqual(['loaded xml', 'loaded xml', 'saved 1 for ada']);
  });
});
