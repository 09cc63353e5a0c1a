import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inherits } from 'node:util';
import type { NodeAPI } from 'node-red';
import { describe, expect, it } from 'vitest';
import { LateNodes } from '../../settings/late-nodes.ts';

const require = createRequire(import.meta.url);
const here = join(import.meta.dirname, 'core');
const files = readdirSync(here, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, '.js'));

type Register = (RED: NodeAPI) => void | Promise<void>;
type Constructor = new (config: object) => Record<string, unknown>;

class Node {
  id?: string;
  on(): void {}
}

/** As much of Node-RED as these files use while they are loaded and while nodes are made. */
function nodeRed() {
  const types = new Map<string, { made: Constructor; options: unknown }>();
  const libraries = new Set<string>();
  const used = new Set<string>();
  const late = new LateNodes();
  const nodes = {
    registerType(type: string, made: Constructor, options?: unknown) {
      inherits(made, Node);
      types.set(type, { made, options });
    },
    createNode: (node: Node, config: { id?: string }) => Object.assign(node, { id: config.id }),
    getNode: () => null,
  };
  const RED = new Proxy(
    {
      nodes,
      library: { register: (library: string) => libraries.add(library) },
      settings: { redstart: { late } },
      log: { warn() {}, info() {} },
      util: { generateId: () => 'x' },
      _: (key: string) => key,
    },
    {
      get(target, name) {
        used.add(String(name));
        return Reflect.get(target, name) as unknown;
      },
    },
  );
  return { RED: RED as unknown as NodeAPI, late, types, libraries, used };
}

const core = (file: string): string => require.resolve(`@node-red/nodes/core/${file}`);
const standIn = async (file: string): Promise<Register> => {
  const place = pathToFileURL(join(here, file.replace(/\.js$/, '.ts'))).href;
  return ((await import(/* @vite-ignore */ place)) as { default: Register }).default;
};

describe('core nodes that are loaded late', () => {
  it('are there', () => expect(files).toContain('network/10-mqtt.js'));

  it.each(files)('%s is not loaded before a flow has one of its nodes', async (file) => {
    const { RED, late, types, used } = nodeRed();
    (await standIn(file))(RED);
    expect(types.size).toBeGreaterThan(0);
    expect([...used].filter((name) => name !== 'library').sort()).toEqual(['nodes', 'settings']);
    await late.loadFor([{ type: 'tab' }, { type: 'function' }]);
    expect(require.cache[core(file)]).toBeUndefined();
    const [[type, { made }] = ['', { made: null }]] = types;
    expect(() => made && new made({ id: '1', type })).toThrow('is not loaded');
  });

  it.each(files)('%s has the types of the file that it stands for, with their options', async (file) => {
    const real = nodeRed();
    await (require(core(file)) as Register)(real.RED);
    const late = nodeRed();
    (await standIn(file))(late.RED);
    const described = ({ types, libraries }: ReturnType<typeof nodeRed>) => ({
      types: [...types].map(([type, { options }]) => [type, options]),
      libraries,
    });
    expect(described(late)).toEqual(described(real));
    // Neither routes nor listeners, which would be missing until then.
    for (const name of ['httpAdmin', 'httpNode', 'events', 'hooks', 'plugins', 'comms'])
      expect(real.used).not.toContain(name);
    // And each of its types can be made once a flow has one of them.
    await late.late.loadFor([{ type: String([...late.types.keys()].at(-1)) }]);
    for (const { made } of late.types.values()) expect(() => new made({ id: '1' })).not.toThrow('is not loaded');
  });

  it('a node is the very one of the file, and has what was put on its type', async () => {
    const { RED, late, types } = nodeRed();
    (await standIn('network/10-mqtt.js'))(RED);
    const type = types.get('mqtt-broker')?.made;
    if (!type) throw new Error('no such type');
    Object.defineProperty(type.prototype, 'credentials', { get: () => ({ user: 'from the type' }) });
    await late.loadFor([{ type: 'mqtt in' }]);
    const broker = new type({ id: 'b1', broker: 'localhost', port: 1883 });
    expect(broker).toBeInstanceOf(Node);
    expect(broker).toMatchObject({ id: 'b1', broker: 'localhost', username: 'from the type' });
    expect(broker.connect).toBeTypeOf('function');
  });
});
