import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyRing } from '../state/key-ring.ts';
import { withoutCredentials } from './credential-blob.ts';
import { withReferences } from './credential-references.ts';
import type { FlowStore } from './flow-store.ts';
import { createLibraryStore } from './library-store.ts';
import { createStorageModule } from './storage-module.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redstart-data-'));
});
afterEach(async () => await rm(dir, { recursive: true, force: true }));
const at = (name: string): string => join(dir, name);
const mode = async (name: string): Promise<number> => (await stat(at(name))).mode & 0o777;

/** As Node-RED writes it. */
function encrypt(value: unknown, secret: string): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(secret).digest(), iv);
  return JSON.stringify({
    $: iv.toString('hex') + cipher.update(JSON.stringify(value), 'utf8', 'base64') + cipher.final('base64'),
  });
}

function decrypted({ $: blob = '' }: { $?: string }, secret: string): string {
  const key = createHash('sha256').update(secret).digest();
  const decipher = createDecipheriv('aes-256-ctr', key, Buffer.from(blob.slice(0, 32), 'hex'));
  return decipher.update(blob.slice(32), 'base64', 'utf8') + decipher.final('utf8');
}

describe('createLibraryStore', () => {
  it('lists, reads and writes', async () => {
    const library = createLibraryStore(dir);
    expect(await library.get('functions', '/')).toEqual([]);
    await library.save('functions', 'team/clean.js', { name: 'Clean' }, 'return msg;');
    await library.save('functions', 'top', {}, 'x');
    expect(await library.get('functions', '')).toEqual(['team', { fn: 'top' }]);
    expect(await library.get('functions', 'team/')).toEqual([{ name: 'Clean', fn: 'clean.js' }]);
    expect(await library.get('functions', 'team/clean.js')).toBe('return msg;');
    await expect(library.get('functions', 'nothing')).rejects.toMatchObject({ code: 'not_found' });
  });

  it.each(['../x', 'a/../../x', '.hidden', 'a\\b', 'a\0b'])('refuses the path %j', async (path) => {
    await expect(createLibraryStore(dir).save('functions', path, {}, '')).rejects.toMatchObject({ code: 'forbidden' });
  });
});

const ring = new KeyRing('secret');
const require = createRequire(import.meta.url);
/** What Node-RED looks for modules with. */
const clone = createRequire(require.resolve('@node-red/registry'))('clone') as <T>(value: T) => T;

describe('createStorageModule', () => {
  const module = (save: () => Promise<void>) =>
    createStorageModule({
      dataDir: dir,
      flows: withReferences({ load: async () => [], save } as unknown as FlowStore),
      ring,
      managedIds: ['seqera-default'],
    });

  it('puts the credentials back when the flows are refused', async () => {
    const storage = module(() => Promise.reject(new Error('refused')));
    await storage.saveCredentials({ $: 'first' });
    await expect(storage.saveFlows([])).rejects.toThrow('refused');
    expect(ring.open('credentials', await readFile(at('credentials.json'), 'utf8'))).toMatchObject({ text: '{}' });
    // Node-RED gets an encrypted nothing.
    expect(withoutCredentials(await storage.getCredentials(), 'secret', ['x'])).toHaveProperty('$');
    const working = module(async () => {});
    await working.saveCredentials({ $: 'second' });
    await working.saveFlows([]);
    expect(await working.getCredentials()).toEqual({ $: 'second' });
    expect(await mode('credentials.json')).toBe(0o600);
  });

  it('makes the nodes that Node-RED goes on with cheap to copy, once they are saved', async () => {
    const nodes = [{ id: 'a', type: 'inject', wires: [['b']] }];
    const before = structuredClone(nodes);
    const copyOfWires = (): unknown => clone(nodes)[0]?.wires;
    await expect(module(() => Promise.reject(new Error('refused'))).saveFlows(nodes)).rejects.toThrow('refused');
    expect(copyOfWires()).toEqual([['b']]);
    const order: string[] = [];
    setImmediate(() => order.push('another'));
    await module(async () => {}).saveFlows(nodes);
    order.push('saved');
    expect(copyOfWires()).toBeUndefined();
    expect(nodes).toEqual(before);
    // A deploy is not one long stop for everybody else.
    expect(order).toEqual(['another', 'saved']);
  });

  it('has the credentials of both when the process died between credentials and flows', async () => {
    const storage = module(async () => {});
    await storage.saveCredentials(JSON.parse(encrypt({ kept: { a: '1' }, gone: { b: '1' } }, 'secret')));
    await storage.saveFlows([]);
    await storage.saveCredentials(JSON.parse(encrypt({ kept: { a: '2' } }, 'secret')));
    const blob = await module(async () => {}).getCredentials();
    expect(JSON.parse(decrypted(blob, 'secret'))).toEqual({ kept: { a: '2' }, gone: { b: '1' } });
    expect(await readdir(dir)).not.toContain('credentials-before.json');
    expect(await module(async () => {}).getCredentials()).toEqual(blob);
  });

  it('keeps no credentials of a connection from the environment', async () => {
    const storage = module(async () => {});
    await storage.saveCredentials(
      JSON.parse(encrypt({ 'seqera-default': { token: 'x' }, n: { token: 'y' } }, 'secret')),
    );
    const blob = await storage.getCredentials();
    expect(withoutCredentials(blob, 'secret', ['seqera-default'])).toBe(blob);
    expect(withoutCredentials(blob, 'secret', ['n'])).not.toBe(blob);
  });

  it('keeps the settings, and refuses a damaged file', async () => {
    const storage = module(async () => {});
    expect(await storage.getSettings()).toEqual({});
    await storage.saveSettings({ a: 1 });
    expect(await storage.getSettings()).toEqual({ a: 1 });
    await writeFile(at('settings.json'), '{');
    await expect(storage.getSettings()).rejects.toMatchObject({ code: 'SETTINGS_FILE_DAMAGED' });
  });

  it('has its methods as its own properties, which Node-RED asks for', () => {
    const storage = module(async () => {});
    for (const name of ['getSettings', 'saveSettings', 'getSessions', 'saveSessions'])
      expect(Object.hasOwn(storage, name)).toBe(true);
  });
});
