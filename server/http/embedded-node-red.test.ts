import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { isAtLeast, PUBLIC_ADMIN_ROUTES, publicRoute, roleFor } from '../auth/index.ts';
import { samplePaths } from './testing/sample-paths.ts';

class Embedded {
  readonly dir = mkdtempSync(join(tmpdir(), 'redstart-http-'));
  readonly #child: ChildProcess;
  url = '';

  constructor(options: { flowsMode?: string; httpAuth?: string; trustProxy?: number }) {
    const args = JSON.stringify({ dir: this.dir, flowsMode: 'editable', httpAuth: 'none', ...options });
    this.#child = fork(join(import.meta.dirname, 'testing/embedded-node-red.mjs'), [args], { execArgv: [] });
  }

  async ready(): Promise<this> {
    this.url = (await this.#answer<{ url: string }>()).url;
    return this;
  }

  get alive(): boolean {
    return this.#child.exitCode === null;
  }

  async lines(): Promise<string> {
    this.#child.send('lines');
    return (await this.#answer<{ lines: string[] }>()).lines.join('');
  }

  async routes(): Promise<string[]> {
    this.#child.send('routes');
    return (await this.#answer<{ routes: string[] }>()).routes;
  }

  async stop(): Promise<number | null> {
    if (this.alive) {
      const exit = once(this.#child, 'exit');
      this.#child.send('stop');
      await exit;
    }
    rmSync(this.dir, { recursive: true, force: true });
    return this.#child.exitCode;
  }

  async #answer<T>(): Promise<T> {
    const exited = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`The embedded Node-RED ended with ${code}`);
    });
    exited.catch(() => {});
    const [message] = await Promise.race([once(this.#child, 'message'), exited]);
    return message as T;
  }

  /** Not fetch: it normalises paths, which is what the tricks are about. */
  raw(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body = '',
  ): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
    const { hostname, port } = new URL(this.url);
    return new Promise((resolve, reject) => {
      const req = request(
        {
          hostname,
          port,
          method,
          path,
          headers: { ...headers, ...(body && { 'Content-Length': String(Buffer.byteLength(body)) }) },
          agent: false,
        },
        (res) => {
          let text = '';
          res.setEncoding('utf8').on('data', (chunk) => {
            text += chunk;
          });
          res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text }));
        },
      );
      req.on('error', reject);
      req.end(body);
    });
  }

  /** @param from the caller's address, where the server trusts the proxy that names it */
  login(username: string, password: string, from?: string): Promise<Response> {
    const form = { client_id: 'node-red-editor', grant_type: 'password', scope: '', username, password };
    return fetch(`${this.url}/editor/auth/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: from === undefined ? {} : { 'X-Forwarded-For': from },
    });
  }

  async token(user = 'ada'): Promise<string> {
    const answer = await this.login(user, 'correct horse');
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  socket(path: string, headers: Record<string, string> = {}): WebSocket {
    return new WebSocket(`${this.url.replace('http', 'ws')}${path}`, { headers });
  }
}

const opened = (socket: WebSocket): Promise<unknown> => once(socket, 'open');
const closed = async (socket: WebSocket): Promise<number> => {
  socket.on('error', () => {});
  const [code] = await once(socket, 'close');
  return code as number;
};
const rejected = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => {
    socket.once('unexpected-response', (_req, res) => resolve(res.statusCode ?? 0));
    socket.on('error', () => {});
  });

describe('a real Node-RED behind the HTTP side', () => {
  let red: Embedded;
  let token: string;

  beforeAll(async () => {
    red = await new Embedded({}).ready();
    token = await red.token();
  }, 30_000);
  afterAll(() => red.stop());

  it('answers 401 to every admin route but the declared ones', async () => {
    const closedRoutes = [
      'GET /flows',
      'POST /flows',
      'GET /flows/state',
      'POST /flows/state',
      'GET /flow/tab',
      'POST /flow',
      'PUT /flow/tab',
      'DELETE /flow/tab',
      'GET /nodes',
      'POST /nodes',
      'GET /nodes/messages',
      'GET /nodes/node-red',
      'PUT /nodes/node-red',
      'DELETE /nodes/node-red',
      'GET /context/global',
      'GET /context/flow/tab',
      'DELETE /context/global/x',
      'GET /settings',
      'GET /settings/user',
      'POST /settings/user',
      'GET /settings/user/keys',
      'GET /plugins',
      'GET /plugins/messages',
      'GET /diagnostics',
      'GET /icons',
      'GET /credentials/x/y',
      'GET /library/local/flows/',
      'POST /library/local/flows/a',
      'GET /projects',
      'POST /auth/revoke',
      'POST /inject/in',
      'POST /debug/x/enable',
      'GET /red/about',
      'GET /red/About',
      'GET /red/about/',
      'GET /forgotten/route',
      'OPTIONS /flows',
      'OPTIONS /',
      'PROPFIND /flows',
      'TRACE /flows',
      'POST /',
      'GET /FLOWS',
      'GET /flows/',
      'GET /%66lows',
      'GET /./flows',
      'GET /red/../flows',
      'GET /red/%2e%2e/flows',
      'GET /red/..%2fflows',
      'GET /theme/../flows',
      'GET /vendor/../../package.json',
      'GET /red/.hidden',
      'GET /flows;x=1',
      'GET /resources/../flows',
      'GET /nonsense',
      'GET /comms',
    ];
    const answers = await Promise.all(
      closedRoutes.map(async (route) => {
        const [method = '', path = ''] = route.split(' ');
        return `${(await red.raw(method, `/editor${path}`)).status} ${route}`;
      }),
    );
    expect(answers.filter((answer) => !answer.startsWith('401 '))).toEqual([]);
  });

  describe('every live route, those that nodes added included', () => {
    let routes: { method: string; path: string }[];
    beforeAll(async () => {
      routes = (await red.routes()).flatMap(samplePaths).filter(({ path }) => path !== '/echo');
      // Guards against a walk that sees nothing.
      expect(routes.length).toBeGreaterThan(90);
      expect(routes).toContainEqual({ method: 'POST', path: '/inject/x' });
    });

    it('is closed to the unauthenticated, but for the table of exceptions', async () => {
      const wrong: string[] = [];
      for (const { method, path } of routes) {
        const { status } = await red.raw(method, `/editor${path}`, {}, method === 'GET' ? '' : '{}');
        // What is below /auth is answered in front of Node-RED.
        if (publicRoute(method, path) === null && status !== 401) wrong.push(`${method} ${path} is open: ${status}`);
        if (publicRoute(method, path) !== null && status === 401) wrong.push(`${method} ${path} is closed`);
      }
      expect(wrong).toEqual([]);
      // No exception without something that it is for: files are served without routes.
      const files = ['/red/x', '/vendor/x', '/types/x', '/theme', '/theme/x', '/favicon.ico'];
      // These two are answered in front of Node-RED, where there is single sign-on.
      const own = ['GET /auth/oidc', 'POST /auth/sign-in'].map((route) => route.split(' '));
      const live = [
        ...routes,
        ...files.map((path) => ({ method: 'GET', path })),
        ...own.map(([method = '', path = '']) => ({ method, path })),
      ];
      const stale = PUBLIC_ADMIN_ROUTES.filter(
        (one) => !live.some(({ method, path }) => one.methods.includes(method) && one.path.test(path)),
      );
      expect(stale).toEqual([]);
    });

    it.each(['viewer', 'operator', 'editor'] as const)(
      'lets the %s do what the table says, and nothing else',
      async (role) => {
        const headers = { Authorization: `Bearer ${await red.token(role)}`, 'Content-Type': 'application/json' };
        const wrong: string[] = [];
        let refused = 0;
        for (const { method, path } of routes) {
          if (publicRoute(method, path) !== null || path.startsWith('/auth/')) continue;
          const allowed = isAtLeast(role, roleFor(method, path));
          // What may change something is not tried.
          if (allowed && method !== 'GET') continue;
          const { status } = await red.raw(method, `/editor${path}`, headers, method === 'GET' ? '' : '{}');
          if (!allowed) refused += 1;
          if (!allowed && status !== 403) wrong.push(`${method} ${path} is open: ${status}`);
          if (allowed && (status === 401 || status === 403)) wrong.push(`${method} ${path} is closed: ${status}`);
        }
        expect(wrong).toEqual([]);
        expect(refused).toBeGreaterThan(role === 'editor' ? 5 : 50);
      },
    );
  });

  it('serves what the sign-in page needs without a session', async () => {
    const paths = [
      '/',
      '/auth/login',
      '/theme',
      '/red/red.min.js',
      '/red/main.min.js',
      '/vendor/vendor.js',
      '/favicon.ico',
      '/locales/editor',
      '/red/images/node-red-icon.svg',
    ];
    const answers = await Promise.all(
      paths.map(async (path) => `${(await red.raw('GET', `/editor${path}`)).status} ${path}`),
    );
    expect(answers.filter((answer) => !answer.startsWith('200 '))).toEqual([]);
  });

  it('knows the difference between prefixes that only look alike', async () => {
    const paths = [
      '/EDITOR/',
      '/editorx',
      '/%65ditor/',
      '/api2',
      '/status',
      '/metrics',
      '/editor%2f',
      '/.env',
      '/API/echo',
      '/editor//flows',
      '/editor//red/red.min.js',
      '/editor//auth/token',
      '/editor/AUTH/token',
      '/editor/auth/token/',
      '/editor/auth/login/',
      '/editor/auth/Login',
      '/editor/auth/strategy',
      '/editor/Auth',
    ];
    for (const path of paths) expect([path, (await red.raw('GET', path)).status]).toEqual([path, 404]);
    for (const path of ['//editor/', 'http://x/editor/'])
      expect([path, (await red.raw('GET', path)).status]).toEqual([path, 400]);
  });

  it('signs in, and opens the admin API with the session', async () => {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(`${red.url}/editor/flows`, { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await fetch(`${red.url}/editor/forgotten/route`, { headers })).status).toBe(200);
    expect(
      (
        await fetch(`${red.url}/editor/flows`, {
          method: 'POST',
          headers: { ...headers, 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': 'nodes' },
          body: JSON.stringify(await answer.json()),
        })
      ).status,
    ).toBe(204);
  });

  it('answers an unknown user and a wrong password alike, and records both without the password', async () => {
    const unknown = await red.login('nobody\n', 'planted-password');
    const wrong = await red.login('ada', 'planted-password');
    expect([unknown.status, wrong.status]).toEqual([403, 403]);
    expect(await unknown.text()).toBe(await wrong.text());
    const lines = await red.lines();
    expect(lines).toContain('Failed sign-in as ada from 127.0.0.1');
    expect(lines).toContain('Failed sign-in as nobody? from 127.0.0.1');
    expect(lines).not.toContain('planted-password');
  });

  it('takes nothing for a sign-in that is none', async () => {
    const json = { 'Content-Type': 'application/json' };
    const form = { client_id: 'node-red-editor', grant_type: 'password', username: 'ada', password: 'correct horse' };
    const post = async (body: unknown): Promise<number> =>
      (await red.raw('POST', '/editor/auth/token', json, typeof body === 'string' ? body : JSON.stringify(body)))
        .status;
    expect(await post({ ...form, grant_type: 'authorization_code', code: 'x' })).toBe(400);
    expect(await post({ ...form, grant_type: undefined })).toBe(400);
    for (const name of ['', null, {}, ['ada'], { toString: 1 }])
      expect(await post({ ...form, username: name })).toBe(400);
    for (const password of ['', null, {}, ['correct horse']]) expect(await post({ ...form, password })).toBe(400);
    expect(await post('{broken')).toBe(400);
    expect(await post({ ...form, client_id: 'someone else' })).toBe(401);
    expect(await post(form)).toBe(200);
  });

  it('refuses tokens in URLs, however they are written', async () => {
    for (const query of [
      `access_token=${encodeURIComponent(token)}`,
      'access%5Ftoken=x',
      'a=1&access_token[]=x',
      'ACCESS_TOKEN=x',
    ]) {
      expect((await red.raw('GET', `/editor/flows?${query}`)).status).toBe(400);
    }
    expect(await red.lines()).not.toContain(token);
  });

  it('gives Node-RED the real address of the caller', async () => {
    await red.raw('GET', '/editor/settings', { Authorization: `Bearer ${token}`, 'X-Forwarded-For': '6.6.6.6' });
    const lines = await red.lines();
    expect(lines).toContain('"ip":"127.0.0.1"');
    expect(lines).not.toContain('6.6.6.6');
    const echo = await red.raw('GET', '/api/echo', { 'X-Forwarded-For': '6.6.6.6' });
    expect(JSON.parse(echo.body).ip).toContain('127.0.0.1');
  });

  it('sends a policy without unsafe scripts under the editor, with the hashes of the node definitions', async () => {
    const { headers } = await red.raw('GET', '/editor/');
    const policy = String(headers['content-security-policy']);
    const scripts = policy.split(';').find((directive) => directive.startsWith('script-src '));
    expect(scripts).toBe("script-src 'self' 'sha256-dGVzdA=='");
    expect(policy).toContain("script-src-attr 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe-eval');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
  });

  it('tells no version, no stack and no framework', async () => {
    const probes = [
      await red.raw('GET', '/editor/'),
      await red.raw('GET', '/editor/flows'),
      await red.raw('GET', '/api/none'),
      await red.raw('POST', '/editor/auth/token', { 'Content-Type': 'application/json' }, '{broken'),
      await red.raw('POST', '/api/echo', { 'Content-Type': 'application/json' }, '{broken'),
      await red.raw('GET', '/api/%ff'),
      await red.raw('GET', '/editor/%ff', { Authorization: `Bearer ${token}` }),
    ];
    for (const { headers, body } of probes) {
      expect(headers['x-powered-by']).toBeUndefined();
      expect(body).not.toMatch(/5\.0\.\d|node_modules|at .*\.js:|Secret flow name/);
    }
    expect(probes.map(({ status }) => status)).toEqual([200, 401, 404, 400, 500, 404, 404]);
  });

  it("serves the flows' endpoints with a policy of their own", async () => {
    const answer = await red.raw('POST', '/api/echo', { 'Content-Type': 'application/json' }, '{"a":1}');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body).body).toEqual({ a: 1 });
    expect(answer.headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
  });

  it("keeps the flows' websockets working and turns away paths that nobody serves", async () => {
    const socket = red.socket('/api/ws/echo');
    await opened(socket);
    socket.send('hello');
    const [message] = await once(socket, 'message');
    expect(String(message)).toBe('hello');
    socket.close();
    await closed(socket);
    const before = performance.now();
    expect(await rejected(red.socket('/api/ws/none'))).toBe(404);
    expect(await rejected(red.socket('/elsewhere'))).toBe(404);
    expect(await rejected(red.socket('/editor/comms/'))).toBe(404);
    expect(await rejected(red.socket('/EDITOR/comms'))).toBe(404);
    expect(performance.now() - before).toBeLessThan(2500);
  });

  describe('/comms', () => {
    const authenticated = async (): Promise<WebSocket> => {
      const socket = red.socket('/editor/comms', { Origin: red.url });
      await opened(socket);
      socket.send(JSON.stringify({ auth: token }));
      const [message] = await once(socket, 'message');
      expect(String(message)).toBe('{"auth":"ok"}');
      return socket;
    };

    it('passes what the editor says and hears', async () => {
      const socket = await authenticated();
      socket.send(JSON.stringify({ subscribe: 'notification/#' }));
      const [message] = await once(socket, 'message');
      expect(JSON.parse(String(message))[0].topic).toMatch(/^notification\//);
      socket.ping();
      await once(socket, 'pong');
      socket.close();
      expect(await closed(socket)).toBe(1005);
    });

    it('refuses pages of another origin', async () => {
      expect(await rejected(red.socket('/editor/comms', { Origin: 'https://evil.example' }))).toBe(403);
      expect(await rejected(red.socket('/editor/comms', { Origin: 'null' }))).toBe(403);
      expect(await rejected(red.socket('/editor/comms?access_token=x'))).toBe(400);
    });

    it('ends a connection when its session is revoked, and asks for a new sign-in', async () => {
      const own = await red.token();
      const socket = red.socket('/editor/comms', { Origin: red.url });
      await opened(socket);
      const said: string[] = [];
      socket.on('message', (data) => said.push(String(data)));
      socket.send(JSON.stringify({ auth: own }));
      await once(socket, 'message');
      const other = await authenticated();
      const end = closed(socket);
      const since = performance.now();
      const headers = { Authorization: `Bearer ${own}`, 'Content-Type': 'application/json' };
      expect((await red.raw('POST', '/editor/auth/revoke', headers, JSON.stringify({ token: own }))).status).toBe(200);
      expect(await end).toBe(1008);
      expect(performance.now() - since).toBeLessThan(5000);
      expect(said).toEqual(['{"auth":"ok"}', '{"auth":"fail"}']);
      expect((await red.raw('GET', '/editor/flows', { Authorization: `Bearer ${own}` })).status).toBe(401);
      other.ping();
      await once(other, 'pong');
      other.close();
    });

    it('ends a connection with a wrong token after one attempt', async () => {
      const socket = red.socket('/editor/comms');
      await opened(socket);
      socket.send(JSON.stringify({ auth: 'wrong' }));
      const [message] = await once(socket, 'message');
      expect(String(message)).toBe('{"auth":"fail"}');
      await closed(socket);
    });

    it('survives whatever the unauthenticated send', async () => {
      const crashers = [
        'null',
        '1',
        '"x"',
        '[]',
        '[null]',
        'true',
        '{}',
        '',
        '{',
        '{"auth":null}',
        '{"auth":{}}',
        '{"auth":["a"]}',
        '{"auth":"x","auth":null}',
        '{"subscribe":1}',
        '{"subscribe":"debug"}',
        '{"topic":"multiplayer/connect","data":null}',
        '{"__proto__":{"auth":"x"}}',
        '{"auth":"__proto__"}',
        '{"auth":"constructor"}',
      ];
      const attack = async (send: (socket: WebSocket) => void): Promise<void> => {
        const socket = red.socket('/editor/comms');
        await opened(socket);
        const end = closed(socket);
        send(socket);
        await end;
      };
      for (const text of crashers) await attack((socket) => socket.send(text));
      await attack((socket) => socket.send(Buffer.from('null'), { binary: true }));
      await attack((socket) => socket.send('x'.repeat(256 * 1024 + 1)));
      await attack((socket) => {
        socket.send('nu', { fin: false });
        socket.send('ll', { fin: true });
      });
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.json(), fc.string()), (text) => attack((socket) => socket.send(text))),
        { numRuns: 60 },
      );
      expect(red.alive).toBe(true);
      expect((await red.raw('GET', '/healthz')).status).toBe(200);
    }, 30_000);

    it('survives broken frames, before and after sign-in', async () => {
      const raw = (socket: WebSocket): import('node:net').Socket =>
        (socket as unknown as { _socket: import('node:net').Socket })._socket;
      const broken = [
        [0x81, 0x04, 0x6e, 0x75, 0x6c, 0x6c], // not masked
        [0xf1, 0x80, 0, 0, 0, 0], // reserved bits
        [0x83, 0x80, 0, 0, 0, 0], // unknown opcode
        [0x80, 0x80, 0, 0, 0, 0], // a continuation of nothing
        [0x09, 0x80, 0, 0, 0, 0], // a fragmented ping
        [0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], // 2^64 bytes
      ];
      for (const bytes of broken) {
        for (const socket of [red.socket('/editor/comms'), await authenticated()]) {
          if (socket.readyState !== WebSocket.OPEN) await opened(socket);
          const end = closed(socket);
          raw(socket).write(Buffer.from(bytes));
          expect([1002, 1009]).toContain(await end);
        }
      }
      const messages = [
        'null',
        '{"subscribe":1}',
        '{"subscribe":"a{2,1}"}',
        '{"subscribe":"+++++"}',
        '{"topic":"multiplayer/connect","data":null}',
        '{"topic":"multiplayer/connect","data":{"session":{"toString":1}}}',
      ];
      for (const text of messages) {
        const socket = await authenticated();
        const end = closed(socket);
        socket.send(text);
        expect([text, await end]).toEqual([text, 1008]);
      }
      expect(red.alive).toBe(true);
    });
  });
});

describe('read-only flows, basic credentials, guessing', () => {
  let red: Embedded;
  beforeAll(async () => {
    red = await new Embedded({ flowsMode: 'readonly', httpAuth: 'basic' }).ready();
  }, 30_000);
  afterAll(() => red.stop());

  it('refuses changes with a text that says how they get in, and lets everything else pass', async () => {
    const headers = { Authorization: `Bearer ${await red.token()}` };
    for (const route of [
      'POST /flows',
      'POST /Flows/',
      'POST /flow',
      'PUT /flow/tab',
      'DELETE /flow/tab',
      'PUT /nodes/node-red',
      'POST /library/local/flows/a',
    ]) {
      const [method = '', path = ''] = route.split(' ');
      const answer = await red.raw(method, `/editor${path}`, headers, '[]');
      expect([route, answer.status]).toEqual([route, 403]);
      expect(answer.headers['content-type']).toContain('text/plain');
      expect(answer.body).toContain('REDSTART_FLOWS_MODE');
    }
    expect((await red.raw('GET', '/editor/flows', headers)).status).toBe(200);
    expect((await red.raw('POST', '/editor/flows', { ...headers, 'Node-RED-Deployment-Type': 'reload' })).status).toBe(
      204,
    );
    expect((await red.raw('POST', '/editor/flows')).status).toBe(401);
  });

  it("asks for the flows' credentials on requests and upgrades, and keeps them from the flow", async () => {
    const good = { Authorization: `Basic ${btoa('caller:caller secret')}` };
    expect((await red.raw('GET', '/api/echo')).status).toBe(401);
    expect((await red.raw('GET', '/api/echo')).headers['www-authenticate']).toContain('Basic');
    // The test before restarted the flows, and Node-RED answers before they run.
    await expect.poll(async () => (await red.raw('GET', '/api/echo', good)).status).toBe(200);
    const answer = await red.raw('GET', '/api/echo', good);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body).authorization).toBeNull();
    expect(await rejected(red.socket('/api/ws/echo'))).toBe(401);
    expect(await rejected(red.socket('/api/ws/echo', { ...good, Origin: 'https://evil.example' }))).toBe(403);
    const socket = red.socket('/api/ws/echo', good);
    await opened(socket);
    socket.close();
    await closed(socket);
  });

  it('stops with a word to editors and to the websockets of flows', async () => {
    const flow = red.socket('/api/ws/echo', { Authorization: `Basic ${btoa('caller:caller secret')}` });
    const editor = red.socket('/editor/comms');
    await Promise.all([opened(flow), opened(editor)]);
    const ends = Promise.all([closed(flow), closed(editor)]);
    expect(await red.stop()).toBe(0);
    expect(await ends).toEqual([1001, 1001]);
  });
});

describe('guessing', () => {
  let red: Embedded;
  beforeAll(async () => {
    red = await new Embedded({ trustProxy: 1 }).ready();
  }, 30_000);
  afterAll(() => red.stop());

  it('slows down one address at one name, and keeps nobody out elsewhere', async () => {
    const tried: number[] = [];
    for (let i = 0; i < 30; i += 1) tried.push((await red.login('ada', `wrong ${i}`, '203.0.113.1')).status);
    expect(tried).toEqual([...Array(5).fill(403), ...Array(25).fill(429)]);
    const refused = await red.login('ada', 'correct horse', '203.0.113.1');
    expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, 2]);
    expect((await red.login('ada', 'correct horse', '198.51.100.1')).status).toBe(200);
    // A wrong one elsewhere does not help the right one here, nor the other way round.
    expect((await red.login('ada', 'wrong', '198.51.100.1')).status).toBe(403);
    expect((await red.login('ada', 'correct horse', '203.0.113.1')).status).toBe(429);
  });

  it('slows down one address at many names', async () => {
    const tried: number[] = [];
    for (let i = 0; i < 30; i += 1) tried.push((await red.login(`user${i}`, 'Winter2025!', '203.0.113.2')).status);
    expect(tried).toEqual([...Array(20).fill(403), ...Array(10).fill(429)]);
  });

  it('never reaches the limit that Node-RED has for a name, wherever the failures come from', async () => {
    for (let i = 0; i < 12; i += 1) expect((await red.login('ada', 'wrong', `192.0.2.${i}`)).status).toBe(403);
    const right = Array.from({ length: 12 }, (_, i) => red.login('ada', 'correct horse', `192.0.2.${100 + i}`));
    expect((await Promise.all(right)).map(({ status }) => status)).toEqual(Array(12).fill(200));
    expect(await red.lines()).not.toContain('too-many-attempts');
  });

  it('says in the log who was refused, and from where', async () => {
    const lines = await red.lines();
    expect(lines).toContain('Sign-in as ada refused: too many failures from 203.0.113.1');
    expect(lines).not.toMatch(/correct horse|Winter2025/);
  });
});
