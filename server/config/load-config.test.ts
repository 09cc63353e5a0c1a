import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, type LoadOptions, loadConfig, type Problem, redact, Secret } from './index.ts';

const TOKEN = 'eyJ0aWQiOiAxMjM0fS5wbGFudGVk';
const PASSWORD = 'correct horse battery';
const HASH = '$2b$12$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'redstart-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const load = (env: Record<string, string> = {}, options: Partial<LoadOptions> = {}) =>
  loadConfig({ env, cwd, ...options });

function problems(env: Record<string, string>, options: Partial<LoadOptions> = {}): readonly Problem[] {
  try {
    load(env, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
/** `VARIABLE problem` of each. */
const told = (env: Record<string, string>, options: Partial<LoadOptions> = {}): string[] =>
  problems(env, options).map(({ variable, problem }) => `${variable} ${problem}`);

function file(name: string, content: string | Buffer): string {
  const path = join(cwd, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

describe('without any variable', () => {
  it('has safe defaults', () => {
    expect(load()).toMatchObject({
      local: false,
      connections: [],
      simulator: false,
      server: { host: '127.0.0.1', port: 1880, trustProxy: undefined, editorPath: '/editor', httpPath: '/api' },
      tls: { mode: 'off', certFile: null, keyFile: null, clientCaFile: null },
      data: { dir: join(cwd, 'data') },
      flows: { dir: join(cwd, 'flows'), mode: 'editable' },
      auth: null,
      sessions: { hours: 8 },
      credentialSecret: null,
      httpAuth: { mode: 'closed', user: null },
      nodesAllow: [],
      metrics: 'local',
      log: { level: 'info', components: {}, format: 'json' },
      proxy: { https: null, http: null, noProxy: null },
      warnings: [expect.stringContaining('No connection to Seqera Platform')],
    });
  });

  it('locally makes up a password and uses the simulator', async () => {
    const { auth, simulator, connections, warnings } = load({}, { local: true, terminal: true });
    expect(simulator).toBe(true);
    expect(connections).toEqual([
      { id: 'seqera-default', name: 'default', baseUrl: '', workspaceId: null, token: null, tokenFile: null },
    ]);
    const made = auth?.oneTimePassword?.reveal() ?? '';
    expect(made.length).toBeGreaterThanOrEqual(20);
    expect(await auth?.admin?.verifyPassword(made)).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('knows by which names a flow could ask for a secret, of connections in .env too', () => {
    file('.env', `REDSTART_CONNECTION_LAB_TOKEN=${TOKEN}\n`);
    const { secretVariables } = load({ REDSTART_CONNECTION_PROD_TOKEN: TOKEN });
    expect(secretVariables).toEqual(
      expect.arrayContaining([
        'TOWER_ACCESS_TOKEN',
        'SEQERA_ACCESS_TOKEN_FILE',
        'REDSTART_CREDENTIAL_SECRET',
        'REDSTART_CONNECTION_LAB_TOKEN',
        'REDSTART_CONNECTION_PROD_TOKEN',
      ]),
    );
  });

  it('is frozen to its depth', () => {
    const config = load({ TOWER_ACCESS_TOKEN: TOKEN });
    const open: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) open.push(path);
      for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
    };
    walk(config, 'config');
    expect(open).toEqual([]);
  });

  it('logs for people on a terminal', () => {
    expect(load({}, { terminal: true }).log.format).toBe('pretty');
    expect(load({ LOG_FORMAT: 'json' }, { terminal: true }).log.format).toBe('json');
  });
});

describe('problems', () => {
  const bad = { PORT: 'abc', LOG_LEVEL: 'loud', TOWER_ACCESS_TOKEN: 'has white space', REDSTART_SESSION_HOURS: '0' };

  it('are told all at once, each variable once, with exit code 78', () => {
    expect(problems(bad).map(({ variable }) => variable)).toEqual([
      'TOWER_ACCESS_TOKEN',
      'PORT',
      'REDSTART_SESSION_HOURS',
      'LOG_LEVEL',
    ]);
    expect(() => load(bad)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', exitCode: 78 }));
  });

  it('say what was expected, with an example that is taken', () => {
    for (const { expected, example, variable } of problems(bad)) {
      expect(expected).not.toBe('');
      const [name = '', value = ''] = example.split(/=(.*)/s);
      expect(name).toBe(variable);
      if (name !== 'TOWER_ACCESS_TOKEN') expect(told({ [name]: value })).toEqual([]);
    }
  });

  it('never show a secret', () => {
    const planted = 'planted secret';
    const secrets = [
      'TOWER_ACCESS_TOKEN',
      'SEQERA_ACCESS_TOKEN',
      'REDSTART_CONNECTION_A_TOKEN',
      'REDSTART_ADMIN_PASSWORD_HASH',
      'REDSTART_HTTP_PASSWORD_HASH',
      'REDSTART_OIDC_CLIENT_SECRET',
    ];
    const env = Object.fromEntries(secrets.map((name) => [name, planted]));
    const short = {
      REDSTART_ADMIN_PASSWORD: 'planted',
      REDSTART_HTTP_PASSWORD: 'planted',
      REDSTART_CREDENTIAL_SECRET: 'planted',
    };
    try {
      load({ ...env, ...short, TOWER_API_ENDPOINT: 'https://ada:planted@host' });
      expect.unreachable();
    } catch (error) {
      expect(String((error as Error).stack) + JSON.stringify(error)).not.toContain('planted');
      expect((error as ConfigError).problems.length).toBeGreaterThanOrEqual(9);
    }
  });

  it('point at quotes that a file of variables handed on', () => {
    expect(told({ PORT: '"1880"' })).toEqual([
      expect.stringContaining('"1880" with the quotes, which are part of the value'),
    ]);
  });
});

describe('unknown variables', () => {
  it('are refused with the nearest name', () => {
    expect(told({ REDSTART_EDITR_PATH: '/x', redstart_tls: 'off', REDSTART_XYZZY: '1' })).toEqual([
      'REDSTART_EDITR_PATH is not known: did you mean REDSTART_EDITOR_PATH?',
      'REDSTART_XYZZY is not known',
      'redstart_tls is not known: did you mean REDSTART_TLS?',
    ]);
  });

  it('without a value count as unset', () => {
    expect(told({ REDSTART_EDITR_PATH: '' })).toEqual([]);
  });

  it('that Kubernetes sets for a Service called redstart are let through', () => {
    const links = {
      REDSTART_SERVICE_HOST: '10.0.0.7',
      REDSTART_SERVICE_PORT: '1880',
      REDSTART_SERVICE_PORT_HTTP: '1880',
      REDSTART_PORT: 'tcp://10.0.0.7:1880',
      REDSTART_PORT_1880_TCP: 'tcp://10.0.0.7:1880',
      REDSTART_PORT_1880_TCP_PROTO: 'tcp',
      REDSTART_PORT_1880_TCP_PORT: '1880',
      REDSTART_PORT_1880_TCP_ADDR: '10.0.0.7',
      REDSTART_POSTGRES_SERVICE_HOST: '10.0.0.8',
    };
    expect(told(links)).toEqual([]);
  });

  it('REDSTART_PORT as somebody would mean it is refused', () => {
    expect(told({ REDSTART_PORT: '8080' })).toEqual([expect.stringContaining('REDSTART_PORT is not known')]);
  });

  it('of other programs are none of its business', () => {
    expect(told({ TOWER_WORKFLOW_ID: 'x', SEQERA_WHATEVER: 'y', NODE_OPTIONS: '--no-warnings' })).toEqual([]);
  });

  it('metrics cannot ask for credentials that there are not', () => {
    expect(told({ REDSTART_METRICS: 'basic' })).toEqual([
      'REDSTART_METRICS is basic, but the flows’ endpoints have no credentials that it could ask for',
    ]);
    const given = { REDSTART_HTTP_USER: 'prometheus', REDSTART_HTTP_PASSWORD: 'a long test password' };
    expect(told({ REDSTART_METRICS: 'basic', ...given })).toEqual([]);
  });
});

describe('aliases', () => {
  it('set the same thing', () => {
    const { connections, credentialSecret, proxy } = load({
      SEQERA_ACCESS_TOKEN: TOKEN,
      SEQERA_API_ENDPOINT: 'https://seqera.example.com/api/',
      SEQERA_WORKSPACE_ID: '42',
      NODE_RED_CREDENTIAL_SECRET: 'at rest, encrypted',
      https_proxy: 'http://proxy:3128',
    });
    expect(connections[0]).toMatchObject({ baseUrl: 'https://seqera.example.com/api', workspaceId: '42' });
    expect(connections[0]?.token?.reveal()).toBe(TOKEN);
    expect(credentialSecret?.reveal()).toBe('at rest, encrypted');
    expect(proxy.https).toBe('http://proxy:3128');
  });

  it('may repeat the value, not differ from it', () => {
    expect(told({ SEQERA_ACCESS_TOKEN: TOKEN, TOWER_ACCESS_TOKEN: TOKEN })).toEqual([]);
    expect(told({ SEQERA_ACCESS_TOKEN: TOKEN, TOWER_ACCESS_TOKEN: `${TOKEN}x` })).toEqual([
      'TOWER_ACCESS_TOKEN and SEQERA_ACCESS_TOKEN are both set, with different values',
    ]);
  });

  it('are named as they were set when they are wrong', () => {
    expect(told({ SEQERA_WORKSPACE_ID: 'mine', TOWER_ACCESS_TOKEN: TOKEN })).toEqual([
      'SEQERA_WORKSPACE_ID is not a workspace’s number',
    ]);
  });
});

describe('secrets in files', () => {
  it.each(['', '\n', '\r\n'])('drop one line break at the end (%j)', (end) => {
    const path = file('token', TOKEN + end);
    const [connection] = load({ TOWER_ACCESS_TOKEN_FILE: path }).connections;
    expect([connection?.token?.reveal(), connection?.tokenFile]).toEqual([TOKEN, path]);
  });

  it('can be relative to the working directory', () => {
    file('token', TOKEN);
    expect(load({ SEQERA_ACCESS_TOKEN_FILE: 'token' }).connections[0]?.tokenFile).toBe(join(cwd, 'token'));
  });

  it('are refused beside the variable itself', () => {
    expect(told({ TOWER_ACCESS_TOKEN_FILE: file('token', TOKEN), TOWER_ACCESS_TOKEN: TOKEN })).toEqual([
      'TOWER_ACCESS_TOKEN_FILE and TOWER_ACCESS_TOKEN are both set',
    ]);
  });

  it.each<[string, () => string, string]>([
    ['is missing', () => join(cwd, 'none'), 'ENOENT, there is no such file; Redstart runs as uid'],
    ['is a folder', () => mkdirSync(join(cwd, 'dir'), { recursive: true }) ?? '', 'EISDIR, it is a folder'],
    ['is empty', () => file('empty', '\n'), 'names an empty file'],
    ['is larger than a secret', () => file('big', 'x'.repeat(64 * 1024 + 1)), 'larger than 64 KiB'],
    ['is no text', () => file('bin', Buffer.from([0xff, 0xfe, 0x00, 0xd8])), 'not UTF-8'],
    ['is a device', () => '/dev/zero', 'not a regular file'],
    ['has two lines', () => file('two', `${TOKEN}\nmore\n`), 'white space or a line break'],
    ['begins with a byte order mark', () => file('bom', `\uFEFF${TOKEN}`), 'white space'],
  ])('a file that %s', (_, make, words) => {
    const path = make();
    const [line, ...rest] = told({ TOWER_ACCESS_TOKEN_FILE: path });
    expect(line).toContain('TOWER_ACCESS_TOKEN_FILE');
    expect(line).toContain(words);
    expect(line).toContain(path);
    expect(rest).toEqual([]);
  });

  it('an unreadable one names path, errno and uid', { skip: process.getuid?.() === 0 }, () => {
    const path = file('closed', TOKEN);
    chmodSync(path, 0);
    expect(told({ TOWER_ACCESS_TOKEN_FILE: path })[0]).toMatch(/EACCES, permission denied; Redstart runs as uid \d+/);
  });
});

describe('tokens', () => {
  it.each([
    ['short', 'too short'],
    [`Bearer ${TOKEN}`, 'begins with "Bearer"'],
    [`${TOKEN}\r\nX-Evil: 1`, 'line break'],
    [`${TOKEN}\n`, 'line break'],
    [`${TOKEN}\u0007`, 'control characters'],
    [`${TOKEN}é`, 'outside ASCII'],
  ])('%j is refused', (token, words) => {
    expect(told({ TOWER_ACCESS_TOKEN: token })).toEqual([expect.stringContaining(words)]);
  });

  it('are redacted from the moment they are read', () => {
    load({ TOWER_ACCESS_TOKEN: 'token-read-a-moment-ago' });
    expect(redact('Bearer token-read-a-moment-ago')).toBe('Bearer [redacted]');
  });
});

describe('endpoints', () => {
  const endpoint = (value: string) => load({ TOWER_ACCESS_TOKEN: TOKEN, TOWER_API_ENDPOINT: value });

  it.each([
    ['https://seqera.example.com', 'https://seqera.example.com'],
    ['https://seqera.example.com/', 'https://seqera.example.com'],
    ['https://seqera.example.com:8443/api//', 'https://seqera.example.com:8443/api'],
    [' HTTPS://Seqera.Example.com/API ', 'https://seqera.example.com/API'],
    ['http://127.0.0.1:8000', 'http://127.0.0.1:8000'],
    ['http://[::1]:8000/api', 'http://[::1]:8000/api'],
  ])('%s is %s', (value, url) => {
    const { connections, warnings } = endpoint(value);
    expect(connections[0]?.baseUrl).toBe(url);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['seqera.example.com', 'no https:// in front'],
    ['ftp://seqera.example.com', 'neither http:// nor https://'],
    ['https://ada:pw@seqera.example.com', 'user or password'],
    ['https://seqera.example.com?x=1', 'query or fragment'],
    ['https://seqera.example.com/#', 'query or fragment'],
    ['https://', 'not a URL'],
    ['https:// x', 'not a URL'],
  ])('%s is refused', (value, words) => {
    expect(told({ TOWER_ACCESS_TOKEN: TOKEN, TOWER_API_ENDPOINT: value })).toEqual([expect.stringContaining(words)]);
  });

  it('in clear to another machine is taken with a warning', () => {
    expect(endpoint('http://seqera.example.com').warnings).toEqual([expect.stringContaining('crosses the network')]);
  });

  it('that is the address of the web pages is pointed out', () => {
    expect(endpoint('https://cloud.seqera.io').warnings).toEqual([
      expect.stringContaining('https://api.cloud.seqera.io'),
    ]);
  });

  it.each(['0', '-1', '1e3', 'showcase', '12345678901234567890'])('workspace id %s is refused', (value) => {
    expect(told({ TOWER_ACCESS_TOKEN: TOKEN, TOWER_WORKSPACE_ID: value })).toHaveLength(1);
  });
});

describe('connections', () => {
  it('of any number follow the default one, by name', () => {
    const { connections } = load({
      REDSTART_CONNECTION_PROD_EU_TOKEN: `${TOKEN}-eu`,
      REDSTART_CONNECTION_PROD_EU_ENDPOINT: 'https://eu.example.com/api/',
      REDSTART_CONNECTION_LAB_TOKEN_FILE: file('lab', `${TOKEN}-lab\n`),
      REDSTART_CONNECTION_LAB_WORKSPACE_ID: '7',
      TOWER_ACCESS_TOKEN: TOKEN,
    });
    expect(connections.map(({ token, ...rest }) => ({ ...rest, token: token?.reveal() }))).toEqual([
      {
        id: 'seqera-default',
        name: 'default',
        baseUrl: 'https://api.cloud.seqera.io',
        workspaceId: null,
        tokenFile: null,
        token: TOKEN,
      },
      {
        id: 'seqera-lab',
        name: 'lab',
        baseUrl: 'https://api.cloud.seqera.io',
        workspaceId: '7',
        tokenFile: join(cwd, 'lab'),
        token: `${TOKEN}-lab`,
      },
      {
        id: 'seqera-prod-eu',
        name: 'prod-eu',
        baseUrl: 'https://eu.example.com/api',
        workspaceId: null,
        tokenFile: null,
        token: `${TOKEN}-eu`,
      },
    ]);
  });

  it.each<[Record<string, string>, string]>([
    [
      { REDSTART_CONNECTION_PROD_ENDPOINT: 'https://x.example' },
      'REDSTART_CONNECTION_PROD_TOKEN is not set, but REDSTART_CONNECTION_PROD_ENDPOINT is',
    ],
    [
      { REDSTART_CONNECTION_DEFAULT_TOKEN: TOKEN },
      'names the default connection, whose variables are TOWER_ACCESS_TOKEN',
    ],
    [{ REDSTART_CONNECTION_prod_TOKEN: TOKEN }, 'malformed name'],
    [{ REDSTART_CONNECTION_MY_TOKEN_TOKEN: TOKEN }, 'could be read two ways'],
    [{ REDSTART_CONNECTION_TOKEN: TOKEN }, 'REDSTART_CONNECTION_TOKEN is not known'],
    [{ REDSTART_CONNECTION_PROD_TOKN: TOKEN }, 'did you mean REDSTART_CONNECTION_PROD_TOKEN?'],
    [{ TOWER_API_ENDPOINT: 'https://x.example' }, 'TOWER_ACCESS_TOKEN is not set, but TOWER_API_ENDPOINT is'],
    [
      { REDSTART_SIMULATOR: 'true', SEQERA_ACCESS_TOKEN: TOKEN },
      'REDSTART_SIMULATOR is true and SEQERA_ACCESS_TOKEN is set',
    ],
    [{ REDSTART_SIMULATOR: 'yes' }, 'neither true nor false'],
  ])('%j is refused', (env, words) => {
    expect(told(env)).toEqual([expect.stringContaining(words)]);
  });

  it('may be the simulator beside real ones', () => {
    const { connections, simulator } = load({
      REDSTART_SIMULATOR: 'true',
      TOWER_WORKSPACE_ID: '70001',
      REDSTART_CONNECTION_LAB_TOKEN: TOKEN,
    });
    expect([simulator, ...connections.map(({ id, workspaceId }) => `${id} ${workspaceId}`)]).toEqual([
      true,
      'seqera-default 70001',
      'seqera-lab null',
    ]);
  });

  it('any token keeps a local try-out from the simulator, unless it is asked for', () => {
    expect(load({ TOWER_ACCESS_TOKEN: TOKEN }, { local: true }).simulator).toBe(false);
    expect(load({ REDSTART_CONNECTION_LAB_TOKEN: TOKEN }, { local: true }).simulator).toBe(false);
    expect(load({ REDSTART_CONNECTION_LAB_TOKEN: TOKEN, REDSTART_SIMULATOR: 'true' }, { local: true }).simulator).toBe(
      true,
    );
    expect(load({ REDSTART_SIMULATOR: 'false' }, { local: true }).simulator).toBe(false);
  });

  it('an endpoint that the simulator leaves unused is pointed out', () => {
    expect(load({ TOWER_API_ENDPOINT: 'https://x.example' }, { local: true }).warnings).toEqual([
      expect.stringContaining('TOWER_API_ENDPOINT counts for nothing'),
    ]);
  });
});

describe('the server', () => {
  it.each(['-1', '65536', '1.5', '0x50', '1e3', ' ', '８０'])('port %j', (port) => {
    expect(told({ PORT: port })).toHaveLength(port.trim() === '' ? 0 : 1);
  });

  it('takes any free port for 0', () => {
    expect(load({ PORT: '0' }).server.port).toBe(0);
  });

  it.each(['http://x', '127.0.0.1:80', '[::1]', 'a b', '-x'])('host %s is refused', (host) => {
    expect(told({ HOST: host })).toHaveLength(1);
  });

  it.each([
    ['true', true],
    ['false', false],
    ['2', 2],
    ['loopback', ['loopback']],
    ['10.0.0.0/8, ::1,fd00::/8', ['10.0.0.0/8', '::1', 'fd00::/8']],
  ])('trust proxy %s', (value, trusted) => {
    expect(load({ REDSTART_TRUST_PROXY: value }).server.trustProxy).toEqual(trusted);
  });

  it.each(['yes', '10.0.0.0/33', '10.0.0', 'proxy.example.com', '1.2.3.4,', '-1', '10.0.0.0/8/8'])(
    'trust proxy %s is refused',
    (value) => {
      expect(told({ REDSTART_TRUST_PROXY: value })).toHaveLength(1);
    },
  );

  it.each(['true', '0.0.0.0/0', '10.0.0.1,::/0'])('trusting everybody by %s is pointed out', (value) => {
    expect(load({ REDSTART_TRUST_PROXY: value }).warnings.join()).toContain('trusts everybody');
  });

  it('drops a slash at the end of a path', () => {
    expect(load({ REDSTART_EDITOR_PATH: '/admin/ui/' }).server.editorPath).toBe('/admin/ui');
  });

  it.each([
    'editor',
    '/',
    '//',
    '/a//b',
    '/a/../b',
    '/:id',
    '/*',
    '/a b',
    '/a?x',
    '/ä',
    '/healthz',
    '/Status',
    '/metrics/x',
    '/readyz',
  ])('editor path %s is refused', (path) => {
    expect(told({ REDSTART_EDITOR_PATH: path })).toEqual([expect.stringContaining('REDSTART_EDITOR_PATH')]);
  });

  it.each([
    ['/x', '/x'],
    ['/x', '/X'],
    ['/x', '/x/y'],
    ['/x/y', '/x'],
    ['/api', undefined],
    [undefined, '/editor/api'],
  ])('editor at %s and endpoints at %s are refused, once', (editor, http) => {
    const env = { ...(editor && { REDSTART_EDITOR_PATH: editor }), ...(http && { REDSTART_HTTP_PATH: http }) };
    expect(told(env)).toEqual([expect.stringContaining('one inside the other')]);
  });

  it('paths side by side are fine', () => {
    expect(told({ REDSTART_EDITOR_PATH: '/api-editor', REDSTART_HTTP_PATH: '/api' })).toEqual([]);
  });
});

describe('TLS', () => {
  it.each([
    ['127.0.0.1', 'off'],
    ['127.9.9.9', 'off'],
    ['localhost', 'off'],
    ['::1', 'off'],
    ['0.0.0.0', 'self-signed'],
    ['::', 'self-signed'],
    ['10.0.0.1', 'self-signed'],
    ['127.example.com', 'self-signed'],
  ])('on %s is %s by default', (host, mode) => {
    expect(load({ HOST: host }).tls.mode).toBe(mode);
  });

  it('off on the network is taken with a warning', () => {
    expect(load({ HOST: '0.0.0.0', REDSTART_TLS: 'off' }).warnings).toContainEqual(
      expect.stringContaining('REDSTART_TLS is off'),
    );
  });

  it('by files takes both, made absolute', () => {
    file('cert.pem', 'x');
    file('key.pem', 'x');
    const env = { REDSTART_TLS: 'files', REDSTART_TLS_CERT_FILE: 'cert.pem', REDSTART_TLS_KEY_FILE: 'key.pem' };
    expect(load(env).tls).toEqual({
      mode: 'files',
      certFile: join(cwd, 'cert.pem'),
      keyFile: join(cwd, 'key.pem'),
      clientCaFile: null,
      clientAuth: null,
    });
  });

  it('asks for client certificates where it is told to', () => {
    file('clients.pem', 'x');
    const env = { REDSTART_TLS: 'self-signed', REDSTART_TLS_CLIENT_CA_FILE: 'clients.pem' };
    expect(load(env).tls).toMatchObject({ clientCaFile: join(cwd, 'clients.pem'), clientAuth: 'both' });
    expect(load({ ...env, REDSTART_TLS_CLIENT_AUTH: 'flows' }).tls.clientAuth).toBe('flows');
    // Who asks for certificates may leave passwords aside without being warned.
    expect(load({ ...env, HOST: '0.0.0.0', REDSTART_HTTP_AUTH: 'none' }).warnings.join()).not.toContain('HTTP_AUTH');
    expect(told({ REDSTART_TLS_CLIENT_CA_FILE: 'clients.pem' })).toEqual([
      'REDSTART_TLS_CLIENT_CA_FILE is set, but REDSTART_TLS is off: there are no certificates without TLS',
    ]);
    expect(told({ REDSTART_TLS_CLIENT_AUTH: 'flows' })).toEqual([
      'REDSTART_TLS_CLIENT_CA_FILE is not set, but REDSTART_TLS_CLIENT_AUTH is',
    ]);
    expect(told({ ...env, REDSTART_TLS_CLIENT_CA_FILE: 'nowhere.pem' }).join()).toContain('ENOENT');
  });

  it.each<[Record<string, string>, string[]]>([
    [{ REDSTART_TLS: 'files' }, ['REDSTART_TLS_CERT_FILE is not set', 'REDSTART_TLS_KEY_FILE is not set']],
    [{ REDSTART_TLS: 'files', REDSTART_TLS_CERT_FILE: '/none', REDSTART_TLS_KEY_FILE: '/' }, ['ENOENT', 'EISDIR']],
    [{ REDSTART_TLS_CERT_FILE: '/x' }, ['is set, but REDSTART_TLS is off']],
    [{ REDSTART_TLS: 'on' }, ['none of the accepted values']],
  ])('%j is refused', (env, words) => {
    expect(told(env)).toEqual(words.map((word) => expect.stringContaining(word)));
  });
});

describe('signing in', () => {
  it('takes a password or its hash', async () => {
    const plain = load({ REDSTART_ADMIN_USER: 'ada', REDSTART_ADMIN_PASSWORD: PASSWORD }, { local: true }).auth;
    expect(plain).toMatchObject({ admin: { username: 'ada', role: 'admin' }, oneTimePassword: null, users: null });
    expect(await plain?.admin?.verifyPassword(PASSWORD)).toBe(true);
    expect(load({ REDSTART_ADMIN_PASSWORD_HASH: HASH }).auth).toMatchObject({
      admin: { username: 'admin', cost: 12 },
      oneTimePassword: null,
    });
  });

  it.each<[Record<string, string>, string]>([
    [{ REDSTART_ADMIN_PASSWORD: PASSWORD, REDSTART_ADMIN_PASSWORD_HASH: HASH }, 'are both set'],
    [{ REDSTART_ADMIN_USER: 'ada' }, 'REDSTART_ADMIN_PASSWORD is not set, but REDSTART_ADMIN_USER is'],
    [{ REDSTART_ADMIN_USER: 'a:b', REDSTART_ADMIN_PASSWORD: PASSWORD }, 'REDSTART_ADMIN_USER has characters'],
    [{ REDSTART_ADMIN_USER: 'ada.lovelace', REDSTART_ADMIN_PASSWORD: 'Ada.Lovelace' }, 'is the user name'],
    [{ REDSTART_ADMIN_PASSWORD: 'short' }, 'shorter than 8'],
    [{ REDSTART_ADMIN_PASSWORD_HASH: 'b$12$abcdefghijklmnopqrstuv' }, 'compose file'],
    [{ REDSTART_SESSION_HOURS: '721' }, 'is not from 1 to 720'],
  ])('%j is refused', (env, words) => {
    expect(told(env)).toEqual([expect.stringContaining(words)]);
  });

  it('a wrong password does not lead to a made-up one', () => {
    expect(told({ REDSTART_ADMIN_PASSWORD: 'changeme' }, { local: true })).toHaveLength(1);
  });
});

describe('the flows’ endpoints', () => {
  it('are closed, basic or open', async () => {
    const basic = load({ REDSTART_HTTP_USER: 'hook', REDSTART_HTTP_PASSWORD: PASSWORD }).httpAuth;
    expect([basic.mode, basic.user, await basic.verifyPassword(PASSWORD)]).toEqual(['basic', 'hook', true]);
    const none = load({ REDSTART_HTTP_AUTH: 'none' });
    expect([none.httpAuth.mode, await none.httpAuth.verifyPassword('')]).toEqual(['none', false]);
    expect(none.warnings.join()).not.toContain('REDSTART_HTTP_AUTH');
    expect(load({ REDSTART_HTTP_AUTH: 'none', HOST: '0.0.0.0' }).warnings.join()).toContain(
      'REDSTART_HTTP_AUTH is none',
    );
  });

  it.each<[Record<string, string>, string[]]>([
    [{ REDSTART_HTTP_AUTH: 'basic' }, ['REDSTART_HTTP_PASSWORD is not set', 'REDSTART_HTTP_USER is not set']],
    [{ REDSTART_HTTP_USER: 'hook' }, ['REDSTART_HTTP_PASSWORD is not set, but REDSTART_HTTP_USER is']],
    [{ REDSTART_HTTP_PASSWORD_HASH: HASH }, ['REDSTART_HTTP_USER is not set, but REDSTART_HTTP_PASSWORD_HASH is']],
    [{ REDSTART_HTTP_AUTH: 'none', REDSTART_HTTP_USER: 'hook' }, ['is none, but REDSTART_HTTP_USER is set']],
    [
      { REDSTART_HTTP_AUTH: 'closed', REDSTART_HTTP_PASSWORD: PASSWORD },
      ['is closed, but REDSTART_HTTP_PASSWORD is set'],
    ],
    [
      { REDSTART_HTTP_AUTH: 'open', REDSTART_HTTP_USER: 'hook', REDSTART_HTTP_PASSWORD: PASSWORD },
      ['none of the accepted values'],
    ],
    [
      { REDSTART_HTTP_USER: 'hook', REDSTART_HTTP_PASSWORD: PASSWORD, REDSTART_HTTP_PASSWORD_HASH: HASH },
      ['are both set'],
    ],
  ])('%j is refused', (env, words) => {
    expect(told(env)).toEqual(words.map((word) => expect.stringContaining(word)));
  });
});

describe('folders', () => {
  it.each<[Record<string, string>, string]>([
    [{ REDSTART_DATA_DIR: '/' }, 'root of the file system'],
    [{ REDSTART_DATA_DIR: './flows' }, 'is inside REDSTART_FLOWS_DIR'],
    [{ REDSTART_DATA_DIR: './flows/data' }, 'is inside REDSTART_FLOWS_DIR'],
    [{ REDSTART_CREDENTIAL_SECRET: 'changeme' }, 'everybody tries first'],
    [{ REDSTART_FLOWS_MODE: 'rw' }, 'none of the accepted values'],
  ])('%j is refused', (env, words) => {
    expect(told(env)).toEqual([expect.stringContaining(words)]);
  });

  it('a long credential secret is fine', () => {
    expect(load({ REDSTART_CREDENTIAL_SECRET: 'k'.repeat(99) + PASSWORD }).credentialSecret).toBeInstanceOf(Secret);
  });
});

describe('the rest', () => {
  it('node types are a list without repeats', () => {
    expect(load({ REDSTART_NODES_ALLOW: 'exec, file in ,exec' }).nodesAllow).toEqual(['exec', 'file in']);
    expect(told({ REDSTART_NODES_ALLOW: 'exec,,file' })).toEqual([expect.stringContaining('empty entry')]);
    expect(told({ REDSTART_NODES_ALLOW: 'Exec;file' })).toEqual([expect.stringContaining('no node type')]);
  });

  it('a password in a proxy’s address is redacted and pointed out', () => {
    const { proxy, warnings } = load({ HTTPS_PROXY: 'http://ada:proxy%20password@proxy.example.com:3128/' });
    expect(proxy.https).toBe('http://ada:proxy%20password@proxy.example.com:3128');
    expect(warnings.join()).toContain('HTTPS_PROXY holds a password');
    expect(redact('proxy%20password and proxy password')).toBe('[redacted] and [redacted]');
    expect(told({ HTTP_PROXY: 'socks5://x' })).toHaveLength(1);
  });

  it('switched-off certificate checks are pointed out', () => {
    expect(load({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }).warnings.join()).toContain('no certificate is checked');
  });
});

describe('.env', () => {
  it('is read, and the real environment wins', () => {
    file('.env', `PORT=1000\nHOST=localhost\nTOWER_ACCESS_TOKEN=${TOKEN}-from-file\nFLOW_GREETING=hello\n`);
    const { server, connections, dotenv, warnings } = load({ PORT: '2000', FLOW_GREETING: 'hi' });
    expect(server).toMatchObject({ port: 2000, host: 'localhost' });
    expect(connections[0]?.token?.reveal()).toBe(`${TOKEN}-from-file`);
    expect(dotenv).toEqual({ HOST: 'localhost' });
    expect(warnings).toEqual([]);
  });

  it('gives way as a whole where the real environment sets a secret another way', () => {
    file('.env', `TOWER_ACCESS_TOKEN=${TOKEN}\n`);
    const path = file('token', `${TOKEN}-real`);
    expect(load({ SEQERA_ACCESS_TOKEN_FILE: path }).connections[0]?.token?.reveal()).toBe(`${TOKEN}-real`);
  });

  it('is held to the same rules, and named', () => {
    file('.env', 'PORT=x\nREDSTART_PROT=1\nnonsense\nNODE_EXTRA_CA_CERTS=/x\n');
    expect(told({})).toEqual([
      '.env line 3 is not NAME=value',
      'PORT is not a whole number: "x" (in .env)',
      expect.stringContaining('NODE_EXTRA_CA_CERTS is in .env'),
      expect.stringContaining('REDSTART_PROT is not known (in .env)'),
    ]);
  });

  it('that others can read is pointed out when there is a secret in it', () => {
    chmodSync(file('.env', `TOWER_ACCESS_TOKEN=${TOKEN}\n`), 0o644);
    expect(load().warnings).toEqual([
      expect.stringContaining('holds a secret (TOWER_ACCESS_TOKEN) and can be read by other users'),
    ]);
    chmodSync(file('.env', 'PORT=1\n'), 0o644);
    expect(load({ TOWER_ACCESS_TOKEN: TOKEN }).warnings).toEqual([]);
  });
});

describe('LOG_LEVEL', () => {
  it('has a level for all and others by component, and refuses a component that is not there with the names', () => {
    expect(load({ LOG_LEVEL: 'warn,git=debug' }).log).toEqual({
      level: 'warn',
      components: { git: 'debug' },
      format: 'json',
    });
    expect(load({ LOG_LEVEL: 'warn,git=debug' }).effective.LOG_LEVEL).toBe('warn,git=debug');
    expect(load({}).effective.LOG_LEVEL).toBe('info');
    expect(problems({ LOG_LEVEL: 'info,gti=debug' })).toEqual([
      expect.objectContaining({
        variable: 'LOG_LEVEL',
        problem: 'names a component that is not there: "info,gti=debug"',
        expected: expect.stringContaining('git, connections'),
      }),
    ]);
  });
});
