import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulator, type Simulator } from '../../../simulator/index.ts';
import { type ManagedConnections, ownConnection } from '../connection.ts';
import type { RedApi } from '../red.ts';
import { ADMIN_ROUTES, registerAdminRoutes } from './routes.ts';

const TOKEN = 'planted-token-7f3a9c';
const SHOWCASE = '70001';

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handler);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A Node-RED of which the routes see what they use: the admin app, permissions, settings, deployed nodes, a log. */
function fakeRed(options: { managed?: ManagedConnections; allowed?: boolean } = {}) {
  const httpAdmin = express();
  httpAdmin.use(express.json({ limit: '5mb' }), express.urlencoded({ limit: '5mb', extended: true }));
  const permissions: string[] = [];
  const logged: string[] = [];
  const deployed = new Map<string, { type: string; connection(): unknown }>();
  const RED = {
    httpAdmin,
    settings: { seqera: options.managed, seqeraClient: { retry: { attempts: 2, baseMs: 1, capMs: 2 } } },
    auth: {
      needsPermission: (permission: string) => {
        permissions.push(permission);
        return (_request: express.Request, response: express.Response, next: express.NextFunction) =>
          options.allowed === false ? response.sendStatus(401) : next();
      },
    },
    nodes: { getNode: (id: string) => deployed.get(id) ?? null },
    log: { error: (line: string) => logged.push(line), warn: (line: string) => logged.push(line) },
  } as unknown as RedApi;
  const deploy = (id: string, baseUrl: string, token = TOKEN, workspaceId: string | null = null) =>
    deployed.set(id, {
      type: 'seqera-config',
      connection: () => ownConnection(RED, { id, name: 'mine', baseUrl, workspaceId, token }),
    });
  return { RED, permissions, logged, deploy };
}

async function start(options: Parameters<typeof fakeRed>[0] = {}) {
  const fake = fakeRed(options);
  registerAdminRoutes(fake.RED);
  const url = await listen(fake.RED.httpAdmin);
  const heard: string[] = [];
  const ask = async (path: string, body: unknown, init: RequestInit = {}) => {
    const response = await fetch(`${url}/seqera/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...init,
    });
    const text = await response.text();
    heard.push(text);
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  };
  return { ...fake, url, ask, heard };
}

describe('admin routes', () => {
  let sim: Simulator;
  const managed = (baseUrl = sim.url): ManagedConnections => ({
    defaultId: 'seqera-default',
    connections: {
      'seqera-default': { name: 'default', baseUrl, workspaceId: SHOWCASE, token: () => TOKEN },
      'seqera-other': { name: 'other', baseUrl, workspaceId: null, token: () => TOKEN },
    },
  });

  beforeEach(async () => {
    sim = await createSimulator({ token: TOKEN });
    return async () => sim.close();
  });

  it('each needs a permission that its entry in the table names, and there is no other', async () => {
    const { RED, permissions, url } = await start({ managed: managed(), allowed: false });
    expect(permissions).toEqual(ADMIN_ROUTES.map(({ permission }) => permission));
    const layers = (RED.httpAdmin as unknown as { _router: { stack: { route?: { path: string; methods: object } }[] } })
      ._router.stack;
    const registered = layers.flatMap(({ route }) => (route ? [route] : []));
    expect(registered.map(({ path, methods }) => ({ path, methods }))).toEqual(
      ADMIN_ROUTES.map(({ path }) => ({ path, methods: { post: true } })),
    );
    for (const { path } of ADMIN_ROUTES) {
      expect(path).toMatch(/^\/seqera\//);
      expect((await fetch(url + path, { method: 'POST' })).status).toBe(401);
    }
    expect((await fetch(`${url}/seqera/connections`)).status).toBe(404);
    expect(sim.calls).toHaveLength(0);
  });

  it('does nothing without an admin API', () => {
    const { RED, permissions } = fakeRed();
    registerAdminRoutes({ ...RED, httpAdmin: null } as unknown as RedApi);
    expect(permissions).toEqual([]);
  });

  it('names the managed connections, and no token', async () => {
    const { ask, heard } = await start({ managed: managed() });
    const { status, body, headers } = await ask('connections', {});
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.connections).toEqual([
      { id: 'seqera-default', name: 'default', baseUrl: sim.url, workspaceId: SHOWCASE, default: true },
      { id: 'seqera-other', name: 'other', baseUrl: sim.url, workspaceId: null, default: false },
    ]);
    expect(heard.join()).not.toContain(TOKEN);
  });

  it('says who the token is, on what, and in which role', async () => {
    const { ask } = await start({ managed: managed() });
    const { status, body } = await ask('identity', { connection: { id: 'seqera-default' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      user: { userName: 'ada' },
      baseUrl: sim.url,
      managed: true,
      workspaceId: SHOWCASE,
      workspace: { id: SHOWCASE, name: 'showcase', organisation: 'redstart-labs', roles: ['owner'] },
    });
    expect(body.service.apiVersion).toMatch(/^\d/);
  });

  it.each([
    ['the default one', {}],
    ['a managed one', { connection: { id: 'seqera-default' } }],
    ['a deployed one', { connection: { id: 'abc123' } }],
    ['one that is not deployed', { connection: { id: 'zzz', baseUrl: '$url', token: TOKEN, workspaceId: SHOWCASE } }],
    ['another workspace of the node', { connection: { id: 'seqera-other' }, workspaceId: SHOWCASE }],
  ])('finds pipelines through %s', async (_what, question) => {
    const { ask, deploy } = await start({ managed: managed() });
    deploy('abc123', `${sim.url}/`, TOKEN, SHOWCASE);
    const asked = JSON.parse(JSON.stringify(question).replace('$url', sim.url));
    const { status, body } = await ask('launchpads', { ...asked, search: 'rnaseq' });
    expect(status).toBe(200);
    expect(body.launchpads.map(({ name }: { name: string }) => name).sort()).toEqual(['rnaseq', 'rnaseq-small']);
    expect(sim.calls.at(-1)).toMatchObject({ path: '/pipelines', query: { workspaceId: SHOWCASE, search: 'rnaseq' } });
  });

  it('marks what another workspace shares', async () => {
    const { ask } = await start({ managed: managed() });
    const { body } = await ask('launchpads', { search: 'shared' });
    expect(body.launchpads).toMatchObject([{ name: 'shared-qc', shared: true, workspace: 'redstart-labs/reference' }]);
  });

  it('lists workspaces, labels, compute environments and runs', async () => {
    const { ask } = await start({ managed: managed() });
    const names = (list: { name: string }[]) => list.map(({ name }) => name);
    expect(names((await ask('workspaces', {})).body.workspaces)).toEqual(['reference', 'showcase']);
    expect(names((await ask('labels', {})).body.labels).sort()).toEqual(['nightly', 'prod']);
    expect((await ask('compute-envs', {})).body.computeEnvs).toContainEqual(
      expect.objectContaining({ name: 'aws-batch', primary: true }),
    );
    expect((await ask('runs', {})).body.runs).toEqual([]);
  });

  it('lists data links, telling two of one name apart, and datasets', async () => {
    const { ask } = await start({ managed: managed() });
    const { body } = await ask('data-links', { search: 'shared-name' });
    expect(body).toMatchObject({
      loading: false,
      dataLinks: [
        { name: 'shared-name', unique: false, provider: 'aws', valid: true },
        { name: 'shared-name', unique: false, provider: 'azure', valid: true },
      ],
    });
    expect((await ask('data-links', { search: 'genomes' })).body.dataLinks).toMatchObject([{ unique: true }]);
    expect((await ask('datasets', { search: 'samples' })).body.datasets).toMatchObject([
      { name: 'samples', version: 2 },
      { name: 'samples-may', version: 1 },
    ]);
    expect((await ask('datasets', { search: 'half' })).body.datasets).toMatchObject([{ version: null }]);
  });

  it('lists the folders at what was typed of a path, and no files', async () => {
    const { ask } = await start({ managed: managed() });
    const folders = async (path: string, dataLink = 'reads-archive') => (await ask('folders', { dataLink, path })).body;
    expect(await folders('')).toEqual({ folder: '', folders: ['runs', 'samplesheets'], more: false });
    expect(await folders('ru')).toMatchObject({ folder: '', folders: ['runs'] });
    expect(await folders('/runs/2026-05-12')).toMatchObject({ folder: 'runs', folders: ['2026-05-12_A00123'] });
    expect(await folders('runs/2026-05-12_A00123/')).toMatchObject({ folders: ['qc'] });
    expect(await folders('nothing/there/')).toMatchObject({ folders: [] });
    sim.generateObjects('empty-bucket', { count: 300, depth: 1, perFolder: 2 });
    expect(await folders('', 'empty-bucket')).toMatchObject({ more: true });
    expect((await folders('level1_14', 'empty-bucket')).folders).toHaveLength(10);
  });

  it('lists no folders of what is not there, or leads out of it', async () => {
    const { ask } = await start({ managed: managed() });
    expect(await ask('folders', { path: '' })).toMatchObject({ status: 400, body: { code: 'SEQERA_INVALID_INPUT' } });
    expect(await ask('folders', { dataLink: 'read' })).toMatchObject({ body: { code: 'SEQERA_NOT_FOUND' } });
    for (const path of ['../', 'a/../../workflow/', 'a//b/'])
      expect(await ask('folders', { dataLink: 'reads', path })).toMatchObject({ status: 400 });
  });

  it('lists studios and actions', async () => {
    const { ask } = await start({ managed: managed() });
    expect((await ask('studios', { search: 'notebook-r' })).body.studios).toEqual([
      { id: '5a11ad02', name: 'notebook-r', status: 'stopped', computeEnv: 'aws-batch' },
    ]);
    expect((await ask('actions', {})).body.actions).toContainEqual(
      expect.objectContaining({ name: 'nightly-qc', status: 'ACTIVE' }),
    );
  });

  it.each([
    ['launch', ['seqera-workflow-launch', 'seqera-action-launch'], ['seqera-studios-add']],
    ['view', ['seqera-workflow-poll'], ['seqera-workflow-cancel', 'seqera-studios-control']],
  ])('says which nodes the role %s allows', async (role, can, cannot) => {
    sim.setScenario({ tokens: [{ token: 'of-another', role: role as 'view' }] });
    const { ask } = await start();
    const connection = { baseUrl: sim.url, token: 'of-another', workspaceId: SHOWCASE };
    const { body } = await ask('identity', { connection });
    expect(body.workspace.roles).toEqual([role]);
    const nodes = body.nodes as { type: string; needs: string; allowed: boolean }[];
    for (const type of can) expect(nodes).toContainEqual(expect.objectContaining({ type, allowed: true }));
    for (const type of cannot) expect(nodes).toContainEqual(expect.objectContaining({ type, allowed: false }));
    const personal = await ask('identity', { connection: { ...connection, workspaceId: '' } });
    expect((personal.body.nodes as { allowed: boolean }[]).every(({ allowed }) => allowed)).toBe(true);
  });

  describe('a stored token', () => {
    it.each([
      ['a managed connection', 'seqera-default'],
      ['the default connection', ''],
      ['a deployed connection', 'abc123'],
    ])('of %s goes to no other address', async (_what, id) => {
      const received: unknown[] = [];
      const evil = await listen((request, response) => {
        received.push(request.headers);
        response.end('{}');
      });
      const { ask, deploy, heard } = await start({ managed: managed() });
      deploy('abc123', sim.url);
      for (const { path } of ADMIN_ROUTES.filter(({ lookup }) => lookup !== 'connections')) {
        for (const baseUrl of [evil, `${sim.url}/elsewhere`, sim.url.replace('127.0.0.1', 'localhost')]) {
          const { status, body } = await ask(path.slice('/seqera/'.length), { connection: { id, baseUrl } });
          expect(status).toBe(400);
          expect(body).toMatchObject({
            code: 'SEQERA_INVALID_INPUT',
            message: expect.stringMatching(/Enter the token/),
          });
        }
      }
      expect(received).toEqual([]);
      expect(sim.calls).toEqual([]);
      expect(heard.join()).not.toContain(TOKEN);
    });

    it('is used when the address is its own, with or without a slash', async () => {
      const { ask, deploy } = await start();
      deploy('abc123', sim.url);
      expect((await ask('workspaces', { connection: { id: 'abc123', baseUrl: `${sim.url}/` } })).status).toBe(200);
    });

    it('does not follow a redirect to another host', async () => {
      const received: unknown[] = [];
      const evil = await listen((request, response) => {
        received.push(request.headers.authorization);
        response.end('{}');
      });
      const home = await listen((request, response) => {
        response.writeHead(302, { location: evil + (request.url ?? '') }).end();
      });
      const { ask } = await start({ managed: managed(home) });
      expect((await ask('identity', {})).body.code).toBe('SEQERA_REDIRECTED');
      expect(received).toEqual([]);
    });
  });

  it('names the text of the dialogs that says a refusal, and what to fill in there', async () => {
    const { ask } = await start({ managed: managed() });
    const { body } = await ask('launchpads', { connection: {}, url: 'https://a' });
    expect(body).toEqual({
      code: 'SEQERA_INVALID_INPUT',
      message: 'The request cannot be read: url is missing, too long, unknown or of the wrong type.',
      reason: 'unreadable',
      values: { place: 'url' },
    });
    expect((await ask('folders', { path: '' })).body).toMatchObject({
      message: 'Choose the data link first.',
      reason: 'dataLinkFirst',
      values: {},
    });
  });

  it.each([
    ['a token of the wrong type', { connection: { baseUrl: 'https://a', token: 7 } }],
    ['what nobody asked for', { connection: {}, url: 'https://a' }],
    ['an address that is none', { connection: { baseUrl: 'ftp://host', token: TOKEN } }],
    ['an address with a user', { connection: { baseUrl: 'https://u:p@host', token: TOKEN } }],
    ['a workspace that is no number', { workspaceId: 'showcase' }],
    ['a list', []],
    ['a search that is too long', { search: 'x'.repeat(301) }],
    ['a body that is too large', { search: 'x'.repeat(20_000) }],
  ])('refuses %s', async (_what, question) => {
    const { ask, heard, logged } = await start({ managed: managed() });
    const { status, body } = await ask('launchpads', question);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'SEQERA_INVALID_INPUT', message: expect.any(String) });
    const more = Object.keys(body as object).filter((key) => key !== 'code' && key !== 'message');
    expect(['', 'reason,values']).toContain(more.join());
    expect(heard.join() + logged.join()).not.toContain(TOKEN);
    expect(sim.calls).toEqual([]);
  });

  it('refuses a form, which another site could post', async () => {
    const { ask } = await start({ managed: managed() });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask('identity', {}, { headers, body: '' })).status).toBe(400);
    expect(sim.calls).toEqual([]);
  });

  it('says what to do when there is no connection, or it has no token', async () => {
    const { ask } = await start();
    expect(await ask('launchpads', {})).toMatchObject({ status: 404, body: { code: 'SEQERA_NO_CONNECTION' } });
    const unsaved = await ask('launchpads', { connection: { id: 'new1', baseUrl: sim.url } });
    expect(unsaved.body).toMatchObject({
      code: 'SEQERA_NO_CONNECTION',
      message: expect.stringMatching(/enter its access token/),
    });
  });

  it('passes on why the Platform refused, with no status that ends the session of the editor', async () => {
    const { ask, heard, logged } = await start();
    const wrong = 'wrong-token-51c0';
    const { status, body } = await ask('identity', { connection: { baseUrl: sim.url, token: wrong } });
    expect(status).toBe(502);
    expect(body.code).toMatch(/^SEQERA_(UNAUTHORIZED|FORBIDDEN)$/);
    expect(heard.join() + logged.join()).not.toContain(wrong);
  });

  it.each([
    ['nothing listens', async () => 'http://127.0.0.1:1', 'SEQERA_UNREACHABLE'],
    [
      'a web page answers',
      async () => listen((_q, response) => response.end('<html><title>Hi</title>')),
      'SEQERA_BAD_ANSWER',
    ],
    [
      'the token is echoed',
      async () => listen((q, r) => r.writeHead(400).end(JSON.stringify({ message: q.headers.authorization }))),
      'SEQERA_BAD_REQUEST',
    ],
  ])('when %s, says so and goes on', async (_what, address, code) => {
    const { ask, heard, logged } = await start();
    const connection = { baseUrl: await address(), token: TOKEN };
    const { status, body } = await ask('identity', { connection });
    expect(status).toBe(502);
    expect(body).toEqual({ code, message: expect.any(String) });
    expect(heard.join() + logged.join()).not.toContain(TOKEN);
  });
});
