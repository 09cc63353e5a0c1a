import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { publicRoute } from '../../server/auth/index.ts';
import { samplePaths } from '../../server/http/testing/sample-paths.ts';
import { type Accounts, accountsIn, ROLES, type RoleName } from '../support/accounts.ts';
import { Appliance } from '../support/appliance.ts';
import { isRefused } from '../support/attempts.ts';
import { EditorSession } from '../support/editor.ts';
import { node, tab } from '../support/flows.ts';
import { suiteFolder } from '../support/folder.ts';

/**
 * Every route of the running program, as it is after all nodes and plugins were loaded, tried by everybody. What each may
 * is written down here once more and not taken from the program's own table, which these tests are to check.
 */
const FORGOTTEN = 'of-a-route-whose-author-forgot-to-ask';

interface Tried {
  method: string;
  path: string;
}

const forAdmins = ({ method, path }: Tried): boolean =>
  path.includes('diagnostics') ||
  path.includes('log-levels') ||
  path.startsWith('/settings/user/keys') ||
  (method !== 'GET' && /^\/nodes(?:\/|$)/.test(path));
const OPERATES = new Set(['POST /flows/state', 'POST /inject/x']);
const mayNot: Record<RoleName, (route: Tried) => boolean> = {
  viewer: (route) => route.method !== 'GET' || forAdmins(route),
  operator: (route) => (route.method !== 'GET' && !OPERATES.has(`${route.method} ${route.path}`)) || forAdmins(route),
  editor: forAdmins,
  admin: () => false,
};

describe('every live route', () => {
  let appliance: Appliance;
  let accounts: Accounts;
  let routes: Tried[];
  let guarded: Tried[];

  const folder = suiteFolder();
  beforeAll(async () => {
    accounts = accountsIn(folder);
    const forgetful = join(folder, 'data', 'node-red', 'node_modules', 'node-red-contrib-forgetful');
    mkdirSync(forgetful, { recursive: true });
    const addRoutes = (at: string): string =>
      `const answer = (q, s) => s.send('${FORGOTTEN}');
       for (const method of ['get', 'post', 'put', 'delete']) RED.httpAdmin[method]('${at}/:id', answer);
       RED.httpAdmin.use('${at}-files', answer);`;
    writeFileSync(
      join(forgetful, 'package.json'),
      JSON.stringify({
        name: 'node-red-contrib-forgetful',
        version: '1.0.0',
        'node-red': { nodes: { forgetful: 'node.js' }, plugins: { forgetful: 'plugin.js' } },
      }),
    );
    writeFileSync(
      join(forgetful, 'node.js'),
      `module.exports = (RED) => { RED.nodes.registerType('forgetful', function (d) { RED.nodes.createNode(this, d); }); ${addRoutes('/forgetful')} };`,
    );
    writeFileSync(
      join(forgetful, 'node.html'),
      "<script type=\"text/javascript\">RED.nodes.registerType('forgetful', { category: 'function', defaults: {} });</script>",
    );
    writeFileSync(
      join(forgetful, 'plugin.js'),
      `module.exports = (RED) => { RED.plugins.registerPlugin('forgetful-plugin', { type: 'x' }); ${addRoutes('/forgetful-plugin')} };`,
    );
    const file = join(folder, 'routes.json');
    appliance = await Appliance.start({
      folder,
      flows: { 'main.json': tab([node('comment')]) },
      env: {
        ...accounts.env,
        REDSTART_SIMULATOR: 'true',
        REDSTART_NODES_ALLOW: 'node-red-contrib-forgetful',
        NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, '..', 'support', 'tell-routes.ts')).href}`,
        TEST_ROUTES_FILE: file,
      },
    });
    appliance.signal('SIGUSR2');
    await vi.waitUntil(() => existsSync(file), { timeout: 10_000 });
    const made = (JSON.parse(readFileSync(file, 'utf8')) as string[]).flatMap(samplePaths);
    routes = [
      ...new Map(made.map((route) => [`${route.method} ${route.path}`, route])).values(),
      ...['GET', 'POST'].flatMap((method) => [
        { method, path: '/forgetful-files/x' },
        { method, path: '/forgetful-plugin-files/x' },
      ]),
      // In front of Node-RED's router.
      ...['GET', 'PUT', 'DELETE'].map((method) => ({ method, path: '/log-levels' })),
    ];
    // What is below /auth is answered in front of Node-RED.
    guarded = routes.filter(({ method, path }) => publicRoute(method, path) === null && !path.startsWith('/auth/'));
  });
  afterAll(() => appliance?.[Symbol.asyncDispose]());

  const ask = async ({ method, path }: Tried, headers: Record<string, string>): Promise<Response> =>
    appliance.fetch(`/editor${path}`, {
      method,
      redirect: 'manual',
      headers: { 'content-type': 'application/json', ...headers },
      ...(method === 'GET' || method === 'HEAD' ? {} : { body: '{}' }),
    });

  it('is known to this test', () => {
    const names = routes.map(({ method, path }) => `${method} ${path}`);
    expect(names.length).toBeGreaterThan(110);
    // Of Node-RED, of its nodes, of the Seqera nodes, of a package and of a plugin.
    expect(names).toEqual(
      expect.arrayContaining([
        'POST /flows',
        'POST /inject/x',
        'POST /seqera/identity',
        'DELETE /forgetful/x',
        'GET /forgetful-plugin/x',
      ]),
    );
    // The exceptions are few, and for reading: a page, its files, and who may sign in how.
    const open = routes.filter(({ method, path }) => publicRoute(method, path) !== null);
    expect(open.filter(({ method, path }) => method !== 'GET' && !path.startsWith('/auth/'))).toEqual([]);
    expect(open.length).toBeLessThan(16);
  });

  it('is closed to who shows nothing, or nothing that counts', async () => {
    const session = await EditorSession.signIn(appliance, 'viewer', accounts.password);
    expect((await session.call('GET', '/flows')).status).toBe(200);
    const basic = (user: string, password: string): string =>
      `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    expect((await session.call('POST', '/auth/revoke', {})).status).toBe(200);
    const nobody: [string, Record<string, string>][] = [
      ['nothing', {}],
      ['an expired token', { authorization: `Bearer ${accounts.tokens.expired}` }],
      ['a session that was signed out', { authorization: session.authorization }],
      ['a made-up token', { authorization: `Bearer rs_${'A'.repeat(43)}` }],
      ['a name of JavaScript', { authorization: 'Bearer __proto__' }],
      ['a password as basic', { authorization: basic('admin', accounts.password) }],
      ['a token as basic', { authorization: basic('admin', accounts.tokens.admin) }],
      ['a token as cookie', { cookie: `access_token=${accounts.tokens.admin}; token=${accounts.tokens.admin}` }],
      ['a token in other headers', { 'x-api-key': accounts.tokens.admin, 'x-auth-token': accounts.tokens.admin }],
      [
        'a proxy that nobody trusts',
        { 'x-forwarded-user': 'admin', 'x-remote-user': 'admin', forwarded: 'for=127.0.0.1' },
      ],
    ];
    const holes: string[] = [];
    for (const [what, headers] of nobody) {
      const status = await appliance.fetch('/status.json', { headers });
      if (!isRefused('admin routes, unauthenticated', status.status === 401))
        holes.push(`${what}: /status.json answers ${status.status}`);
      for (const route of guarded) {
        const answer = await ask(route, headers);
        const refused = answer.status === 401 && !(await answer.text()).includes(FORGOTTEN);
        if (!isRefused('admin routes, unauthenticated', refused))
          holes.push(`${what}: ${route.method} ${route.path} answers ${answer.status}`);
      }
    }
    expect(holes).toEqual([]);
  });

  it('is closed in every other method and spelling', async () => {
    const holes: string[] = [];
    const paths = [...new Set(guarded.map(({ path }) => path))];
    for (const path of paths)
      for (const [method, spelt] of [
        ['PROPFIND', path],
        ['OPTIONS', path],
        ['PATCH', path],
        ['GET', path.toUpperCase()],
        ['GET', `${path}/`],
        ['GET', `/.${path}`],
        ['GET', path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`)],
        ['GET', `/red/..%2f${path.slice(1)}`],
        ['POST', `${path}?_method=GET`],
      ] as const) {
        // A public file's path in capitals is a guarded one, and the start page stays what it is.
        if (publicRoute(method, spelt) !== null || spelt === '/' || /^\/\/|^\/\.\/$/.test(spelt)) continue;
        const answer = await ask({ method, path: spelt }, { 'x-http-method-override': 'GET' });
        const refused = [401, 404].includes(answer.status) && !(await answer.text()).includes(FORGOTTEN);
        if (!isRefused('admin routes, unauthenticated', refused))
          holes.push(`${method} ${spelt} answers ${answer.status}`);
      }
    expect(holes).toEqual([]);
  });

  it.each(ROLES)('lets %s do what the role may and nothing else, with a session and with a token', async (role) => {
    const sessions = [
      await EditorSession.signIn(appliance, role, accounts.password),
      EditorSession.withToken(appliance, accounts.tokens[role]),
    ];
    const before = await sessions[0]?.flows();
    const wrong: string[] = [];
    for (const [index, session] of sessions.entries())
      for (const route of guarded) {
        const forbidden = mayNot[role](route);
        // What may change something is not tried by those who may.
        if (!forbidden && route.method !== 'GET') continue;
        const answer = await ask(route, { authorization: session.authorization });
        const text = await answer.text();
        const name = `${index === 0 ? 'session' : 'token'}: ${route.method} ${route.path}`;
        if (forbidden) {
          const refused = answer.status === 403 && !text.includes(FORGOTTEN);
          if (!isRefused(`admin routes, as ${role}`, refused)) wrong.push(`${name} answers ${answer.status}`);
        } else if (answer.status === 401 || answer.status === 403) wrong.push(`${name} is closed: ${answer.status}`);
      }
    expect(wrong).toEqual([]);
    expect(await sessions[0]?.flows()).toEqual(before);
  });
});

it('there are none where nobody can sign in', async () => {
  await using appliance = await Appliance.start({
    flows: { 'main.json': tab([node('comment')]) },
    env: { REDSTART_SIMULATOR: 'true' },
  });
  for (const path of ['/', '/flows', '/auth/login', '/auth/token', '/settings', '/red/red.min.js', '/comms'])
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const answer = await appliance.fetch(`/editor${path}`, { method });
      expect([method, path, answer.status]).toEqual([method, path, 404]);
      isRefused('admin routes, headless', answer.status === 404);
    }
});
