import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Config } from '../server/config/index.ts';
import { contextStorage } from './context-storage.ts';
import { NODE_PACK, nodePackDir } from './node-pack.ts';
import { NODE_GROUPS, nodePolicy } from './node-policy.ts';
import { nodeRedSettings } from './node-red-settings.ts';
import { ownNodesDir } from './own-nodes.ts';

const config = (rest: object = {}): Config =>
  ({
    auth: {},
    nodesAllow: [],
    hiddenVariables: [],
    server: { editorPath: '/editor', httpPath: '/api', trustProxy: undefined },
    data: { dir: '/data' },
    log: { level: 'info' },
    ...rest,
  }) as unknown as Config;

const settings = (rest: object = {}, adminAuth: object | null = {}): Record<string, unknown> =>
  nodeRedSettings({
    config: config(rest),
    credentialSecret: 's',
    storageModule: { getFlows: async () => [], saveFlows: async () => {} },
    managed: { defaultId: 'seqera-default', connections: {} },
    logHandler: () => {},
    functionTimeLimit: () => 10,
    adminAuth,
    adminMiddleware: [],
    flowState: () => 'start',
    durable: { module: () => ({}) },
  });

describe('nodePolicy', () => {
  it('is closed by default', () => {
    const policy = nodePolicy([]);
    expect(policy.excludedFiles).toEqual(['90-exec.js', '10-file.js', '23-watch.js', '31-tcpin.js', '32-udp.js']);
    expect(policy).toMatchObject({ functionModules: false, tlsFiles: false, packages: [] });
    expect(policy.groupOff('tcp request')).toBe('tcp');
    expect(policy.groupOff('inject')).toBeNull();
    // There, and within their folder.
    expect(policy.groupOff('file in')).toBeNull();
    expect(policy.typesOff).not.toContain('file');
    expect(nodePolicy([], '/data').filesFolder).toBe('/data/files');
  });

  it('opens a group by its name or by one of its types, and further packages', () => {
    const policy = nodePolicy([
      'exec',
      'file in',
      'function-modules',
      'tls-files',
      'node-red-contrib-x',
      '@scope/nodes',
    ]);
    expect(policy.excludedFiles).toEqual(['23-watch.js', '31-tcpin.js', '32-udp.js']);
    expect(policy).toMatchObject({
      functionModules: true,
      tlsFiles: true,
      packages: ['node-red-contrib-x', '@scope/nodes'],
      filesFolder: null,
    });
    expect(policy.groupOff('exec')).toBeNull();
    expect(policy.opened.slice(0, 2)).toEqual([
      'exec (runs programs on this machine)',
      'file (reads and writes any file that this user may)',
    ]);
    expect(policy.opened.at(-1)).toMatch(/^@scope\/nodes \(/);
  });

  it.each(['exek', 'http', '*', 'toString'])('refuses %s, and lists what there is', (name) => {
    expect(() => nodePolicy([name])).toThrow(
      expect.objectContaining({ code: 'NODES_ALLOW_UNKNOWN', mend: expect.stringContaining('exec, file, watch') }),
    );
  });

  it('names core files that exist, with the types that are in them', async () => {
    const { readFileSync, globSync } = await import('node:fs');
    const core = join(createRequire(import.meta.url).resolve('@node-red/nodes/package.json'), '..', 'core');
    for (const { files, types } of Object.values(NODE_GROUPS)) {
      const registered = files.flatMap((name) => {
        const [path] = globSync(`*/${name}`, { cwd: core });
        expect([name, path]).not.toEqual([name, undefined]);
        return [...readFileSync(join(core, path ?? ''), 'utf8').matchAll(/registerType\(["']([^"']+)/g)].map(
          ([, type]) => type,
        );
      });
      expect(registered.sort()).toEqual([...types].sort());
    }
  });
});

describe('nodeRedSettings', () => {
  it('has an editor only with a sign-in', () => {
    expect(settings()).toMatchObject({
      httpAdminRoot: '/editor',
      disableEditor: false,
      httpNodeRoot: '/api',
      adminAuth: {},
    });
    const headless = settings({ auth: null }, null);
    expect(headless).toMatchObject({ httpAdminRoot: false, disableEditor: true });
    expect(headless).not.toHaveProperty('adminAuth');
  });

  it('is closed where Node-RED is open', () => {
    expect(settings()).toMatchObject({
      functionExternalModules: false,
      tlsConfigDisableLocalFiles: true,
      telemetryEnabled: false,
      diagnostics: { enabled: true, ui: false },
      externalModules: {
        palette: { allowInstall: false, denyList: ['*'], allowList: [NODE_PACK] },
        modules: { allowInstall: false },
      },
      editorTheme: { tours: false, projects: { enabled: false }, palette: { catalogues: [] } },
    });
    expect(settings({ hiddenVariables: ['TOWER_ACCESS_TOKEN', 'REDSTART_CONNECTION_LAB_TOKEN_FILE'] })).toHaveProperty(
      'envVarExcludes',
      ['TOWER_ACCESS_TOKEN', 'REDSTART_CONNECTION_LAB_TOKEN_FILE'],
    );
  });

  it('hands a trusted proxy on, and says nothing otherwise', () => {
    expect(settings().httpServerOptions).toEqual({});
    expect(
      settings({ server: { editorPath: '/e', httpPath: '/h', trustProxy: ['10.0.0.0/8'] } }).httpServerOptions,
    ).toEqual({ 'trust proxy': ['10.0.0.0/8'] });
  });
});

it('contextStorage makes the crash-safe store the default of flows and nodes alike', () => {
  const module = () => ({});
  expect(contextStorage({ module })).toEqual({ default: 'durable', durable: { module }, memory: { module: 'memory' } });
});

it('the nodes that keep to the folder for files are loaded unless all files are open', () => {
  const late = ownNodesDir('late-nodes/core');
  expect(settings()).toMatchObject({
    nodesDir: [nodePackDir(), late, ownNodesDir('file-nodes')],
    fileWorkingDirectory: '/data/files',
    nodesExcludes: expect.arrayContaining(['10-file.js']),
  });
  expect(settings({ nodesAllow: ['file'] })).toMatchObject({
    nodesDir: [nodePackDir(), late],
    fileWorkingDirectory: '/data/files',
  });
  expect(() => ownNodesDir('file-nodes', 'file:///nowhere/settings/x.js')).toThrow(
    expect.objectContaining({ code: 'NOT_BUILT' }),
  );
});

it('nodes are looked for in core files, in the own folders and in packages that are allowed, and nowhere else', () => {
  const names = settings({ nodesAllow: ['node-red-contrib-x', '@team/node-red-y'] }).nodesIncludes as string[];
  expect(names).toEqual(
    expect.arrayContaining([
      '21-httpin.js',
      '10-mqtt.js',
      'file.js',
      basename(nodePackDir()),
      'node-red-contrib-x',
      'node-red-y',
    ]),
  );
  expect(names).not.toContain('express');
  // Nothing of Node-RED's own is left out by it.
  const core = join(dirname(createRequire(import.meta.url).resolve('@node-red/nodes/package.json')), 'core');
  const dialogs = readdirSync(core, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /^\w+\/\d+-.*\.html$/.test(file),
  );
  expect(dialogs.length).toBeGreaterThan(30);
  for (const file of dialogs) expect(names).toContain(basename(file).replace('.html', '.js'));
});

it('nodePackDir finds the nodes from the source and from the built place', () => {
  const dir = nodePackDir();
  expect(existsSync(join(dir, 'package.json'))).toBe(true);
  const root = join(dir, '..');
  expect(nodePackDir(pathToFileURL(join(root, 'dist', 'settings', 'node-pack.js')).href)).toBe(dir);
  expect(() => nodePackDir('file:///nowhere/settings/x.js')).toThrow(NODE_PACK);
});
