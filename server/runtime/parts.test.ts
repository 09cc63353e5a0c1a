import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodePolicy } from '../../settings/node-policy.ts';
import { type Config, redact, Secret } from '../config/index.ts';
import { banner } from './banner.ts';
import { createConnections } from './connections.ts';
import { prepareDataFolder } from './data-folder.ts';
import { createFlowIndex } from './flow-index.ts';
import { explainMissingTypes } from './missing-types.ts';
import { inlineScripts } from './script-hashes.ts';
import { createStoreProbe } from './store-probe.ts';
import { type TokenSource, watchToken } from './token-watch.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redstart-parts-'));
});
afterEach(async () => await rm(dir, { recursive: true, force: true }));

describe('watchToken', () => {
  const lines: { level: string; msg: string }[] = [];
  let source: TokenSource | null = null;
  afterEach(() => {
    source?.close();
    lines.length = 0;
  });
  const watch = (file: string): TokenSource => {
    const logger = pino(
      { formatters: { level: (level) => ({ level }) } },
      { write: (line: string) => void lines.push(JSON.parse(line)) },
    );
    source = watchToken({ name: 'default', initial: 'token-of-before', file, logger, everyMs: 10 });
    return source;
  };

  it('takes a new token, replaced in place or by a rename, and registers it for redaction', async () => {
    const file = join(dir, 'token');
    await writeFile(file, 'token-of-before\n');
    const { token } = watch(file);
    expect(token()).toBe('token-of-before');
    await writeFile(file, 'token-number-two\n');
    await expect.poll(token).toBe('token-number-two');
    await writeFile(join(dir, 'next'), 'token-number-three');
    await rename(join(dir, 'next'), file);
    await expect.poll(token).toBe('token-number-three');
    expect(redact('x token-number-three y')).toBe('x [redacted] y');
    expect(JSON.stringify(lines)).not.toContain('token-number');
    expect(lines.filter(({ level }) => level === 'info')).toHaveLength(2);
  });

  it('keeps the old one while the file is empty or gone, and warns once', async () => {
    const file = join(dir, 'token');
    await writeFile(file, '\n');
    const { token } = watch(file);
    await expect.poll(() => lines.length).toBe(1);
    await rm(file);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(token()).toBe('token-of-before');
    expect(lines.map(({ level }) => level)).toEqual(['warn']);
    await writeFile(file, 'token-after-all');
    await expect.poll(token).toBe('token-after-all');
  });
});

describe('createConnections', () => {
  const connection = {
    id: 'seqera-default',
    name: 'default',
    baseUrl: 'https://api',
    workspaceId: '7',
    token: new Secret('some-token-1'),
    tokenFile: null,
  };
  const logger = pino({ level: 'silent' });

  it('gives the nodes endpoint, workspace and token', () => {
    const { managed } = createConnections({ connections: [connection] } as unknown as Config, null, logger);
    expect(managed.connections['seqera-default']).toMatchObject({
      name: 'default',
      baseUrl: 'https://api',
      workspaceId: '7',
    });
    expect(managed.connections['seqera-default']?.token()).toBe('some-token-1');
    expect(JSON.stringify(managed)).not.toContain('some-token');
  });

  it('puts the simulator in place of the default connection, and never sends it a real token', () => {
    const other = { ...connection, id: 'seqera-other', name: 'other' };
    const { managed } = createConnections(
      { connections: [connection, other] } as unknown as Config,
      'http://sim',
      logger,
    );
    expect(Object.keys(managed.connections)).toEqual(['seqera-default', 'seqera-other']);
    expect(managed.connections['seqera-default']).toMatchObject({ baseUrl: 'http://sim', workspaceId: '7' });
    expect(managed.connections['seqera-default']?.token()).not.toBe('some-token-1');
  });
});

describe('createStoreProbe', () => {
  it('tells the last result, and tries again when that is old', async () => {
    let now = 0;
    let writes = 0;
    let error: Error | null = null;
    const write = async (): Promise<void> => {
      writes++;
      if (error) throw error;
    };
    const probe = createStoreProbe({ write, now: () => now, everyMs: 100 });
    expect(await probe.check()).toBeNull();
    probe.fault();
    expect(writes).toBe(1);
    error = Object.assign(new Error('no'), { code: 'ENOSPC' });
    now = 100;
    expect(probe.fault()).toBeNull();
    await expect.poll(() => probe.fault()).toBe('the disk is full');
    expect(writes).toBe(2);
  });

  it('counts a write that does not return as a fault', async () => {
    let now = 0;
    const probe = createStoreProbe({ write: () => new Promise(() => {}), now: () => now, lateMs: 1000 });
    void probe.check();
    now = 3000;
    expect(probe.fault()).toContain('not returned for 3 s');
  });
});

describe('prepareDataFolder', () => {
  it('makes what is needed, and again', async () => {
    const data = join(dir, 'a', 'data');
    await prepareDataFolder(data);
    await prepareDataFolder(data);
    expect((await readdir(data)).sort()).toEqual(['.probe', 'files', 'node-red']);
    expect(JSON.parse(await readFile(join(data, 'node-red', 'package.json'), 'utf8'))).toMatchObject({ private: true });
  });

  it('says when a file is in its place', async () => {
    await writeFile(join(dir, 'data'), '');
    await expect(prepareDataFolder(join(dir, 'data'))).rejects.toMatchObject({
      code: 'DATA_FOLDER_NOT_WRITABLE',
      exitCode: 73,
      mend: expect.stringContaining('A file is in its place'),
    });
  });
});

describe('explainMissingTypes', () => {
  const index = createFlowIndex();
  const nodes = Array.from({ length: 7 }, (_, number) => ({ id: `n${number}`, type: 'tcp in', z: 't1' }));
  index.replace([{ id: 't1', type: 'tab', label: 'Ops' }, ...nodes, { id: 's1', type: 'subflow:gone', z: 't1' }]);
  const explain = (type: string, sets: Parameters<typeof explainMissingTypes>[1]['sets'] = []): string =>
    explainMissingTypes([type], { index, policy: nodePolicy([]), sets, fileOf: () => '/flows/a.json' })[0] ?? '';

  it('names the group, the first users and how many more', () => {
    const text = explain('tcp in');
    expect(text).toContain('REDSTART_NODES_ALLOW=tcp');
    expect(text).toContain('n0 in flow "Ops" (/flows/a.json)');
    expect(text).toContain('and 2 more');
  });

  it('tells subflows, packages that did not load, and the rest apart', () => {
    expect(explain('subflow:gone')).toContain('a subflow that is in none of the flow files');
    const set = { id: 'x/y', module: 'node-red-x', types: ['x'], enabled: true, err: { code: 'MODULE_NOT_FOUND' } };
    expect(explain('x', [set])).toContain('could not be loaded from node-red-x (MODULE_NOT_FOUND)');
    expect(explain('z', [set])).toContain('node-red-x failed');
    expect(explain('z')).toContain('in no node package that is installed and allowed');
  });
});

it('inlineScripts takes scripts, not templates nor what has a source', () => {
  const html =
    '<script type="text/html" data-template-name="a"><b></script><script type="text/javascript">one()</script><script>two()</script><script src="x"></script><script type="module">three()</script>';
  expect(inlineScripts(html)).toEqual(['one()', 'two()']);
});

describe('banner', () => {
  const config = (rest: object): Config =>
    ({
      auth: { admin: { username: 'admin' }, oneTimePassword: new Secret('one-time-pass') },
      connections: [],
      flows: { dir: '/flows', mode: 'editable' },
      ...rest,
    }) as unknown as Config;
  const started = {
    editorUrl: 'http://localhost:1880/editor/',
    flowsUrl: 'http://localhost:1880/api',
    simulatorUrl: 'http://sim',
  };

  it('shows address, user, the one-time password once, and that nothing is real', () => {
    const text = banner(config({}), started);
    expect(text).toContain('http://localhost:1880/editor/');
    expect(text.split('one-time-pass')).toHaveLength(2);
    expect(text).toContain('built-in simulator');
  });

  it('shows that launches are real, and never a configured password', () => {
    const real = {
      connections: [{ id: 'seqera-default', baseUrl: 'https://api.cloud.seqera.io' }],
      auth: { admin: { username: 'ops' }, oneTimePassword: null },
    };
    const text = banner(config(real), { ...started, simulatorUrl: null });
    expect(text).toContain('https://api.cloud.seqera.io   (launches are real)');
    expect(text).toContain('the one that you configured');
  });

  it.each(['http://localhost:4000', 'http://127.0.0.1:4000/api', 'http://[::1]:4000'])(
    'says that %s may be a simulator',
    (baseUrl) => {
      const text = banner(config({ connections: [{ id: 'seqera-default', baseUrl }] }), {
        ...started,
        simulatorUrl: null,
      });
      expect(text).toContain(`${baseUrl}   (on this machine: launches are real, unless it is a simulator)`);
    },
  );

  it('says that there is no connection', () => {
    const text = banner(config({ connections: [] }), { ...started, simulatorUrl: null });
    expect(text).toContain('no connection: set TOWER_ACCESS_TOKEN');
  });
});
