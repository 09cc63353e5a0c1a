import type { Config, PasswordCheck } from '../../config/index.ts';

/** A password in plain, checked at once. */
export const plainPassword = (password: string): PasswordCheck => ({
  verifyPassword: async (candidate) => candidate === password,
  cost: 0,
  identity: password,
  passwordFingerprint: async (salt) => `${salt}:${password.length}`,
});

type Parts = { [K in keyof Config]?: Config[K] extends object | null ? Partial<Config[K]> | null : Config[K] };

/** A Config for tests: loopback, any port, signed in as ada / `correct horse`, the flows' endpoints open. */
export function fakeConfig(parts: Parts = {}): Config {
  const base: Config = {
    local: false,
    connections: [],
    simulator: false,
    server: {
      host: '127.0.0.1',
      port: 0,
      trustProxy: undefined,
      editorPath: '/editor',
      httpPath: '/api',
      publicUrl: null,
    },
    tls: { mode: 'off', certFile: null, keyFile: null, clientCaFile: null, clientAuth: null },
    data: { dir: '/nowhere' },
    flows: { dir: '/nowhere', mode: 'editable' },
    git: null,
    replicas: null,
    environment: null,
    auth: {
      admin: { username: 'ada', role: 'admin', ...plainPassword('correct horse') },
      oneTimePassword: null,
      users: null,
      tokens: null,
      oidc: null,
    },
    sessions: { hours: 8 },
    credentialSecret: null,
    previousCredentialSecret: null,
    secrets: { dir: null, own: [] },
    audit: { mode: 'off', maxBytes: 1_000_000, files: 3 },
    httpAuth: { mode: 'none', user: null, users: null, tokens: null, rateLimit: 6000, ...plainPassword('') },
    nodesAllow: [],
    notifications: null,
    egress: { internal: 'allow', allow: null },
    loopLimitSeconds: 30,
    metrics: 'off',
    traces: null,
    log: { level: 'info', components: {}, format: 'json' },
    proxy: { https: null, http: null, noProxy: null },
    warnings: [],
    dotenv: {},
    effective: {},
    secretVariables: [],
    hiddenVariables: [],
  };
  const merged: Record<string, unknown> = { ...base };
  for (const [key, part] of Object.entries(parts)) {
    const whole = base[key as keyof Config];
    const merges = typeof part === 'object' && part !== null && !Array.isArray(part) && typeof whole === 'object';
    merged[key] = merges ? { ...whole, ...part } : part;
  }
  return merged as unknown as Config;
}
