import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { redact } from '../config/index.ts';
import { resolveNodeCredentials } from './node-credentials.ts';
import { createSecretFiles } from './secret-files.ts';

let dir: string;
let now: number;
let warnings: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-secrets-'));
  now = 1000;
  warnings = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const put = (name: string, text: string): void => writeFileSync(join(dir, name), text);
const logger = pino({ level: 'info' }, { write: (line: string) => void warnings.push(JSON.parse(line).msg) });
const files = (folder: string | null = dir, own: string[] = []) =>
  createSecretFiles({ dir: folder, own, logger, now: () => now });

describe('createSecretFiles', () => {
  it('reads a file without its line end, and strips it from logs from then on', () => {
    put('db-password', 'a value of a file\n');
    expect(files().value('secret:db-password')).toBe('a value of a file');
    expect(redact('x a value of a file y')).toBe('x [redacted] y');
  });

  it.each([
    '../credential-secret',
    'a/b',
    '..',
    '.',
    '.hidden',
    '',
    'a\0b',
    'a b',
    '..data',
    '%2e%2e',
    'a\\b',
    'é',
    'x'.repeat(300),
  ])('takes no name that could lead elsewhere: %j', (name) => {
    expect(() => files().value(`secret:${name}`)).toThrow(/no name of a secret/);
  });

  it('says what is wrong: no folder, no file, an empty one, a folder, a large one', () => {
    put('empty', '\n');
    put('large', 'x'.repeat(70_000));
    mkdirSync(join(dir, 'folder'));
    expect(() => files(null).value('secret:a')).toThrow('REDSTART_SECRETS_DIR is not set');
    expect(() => files().value('secret:missing')).toThrow(join(dir, 'missing'));
    expect(() => files().value('secret:empty')).toThrow('is empty');
    expect(() => files().value('secret:folder')).toThrow('is no file');
    expect(() => files().value('secret:large')).toThrow('bytes');
  });

  it('gives no flow a secret of the program itself, under whatever name', () => {
    put('platform-token', 'the token of the Platform');
    symlinkSync('platform-token', join(dir, 'innocent'));
    const secrets = files(dir, [join(dir, 'platform-token')]);
    for (const name of ['platform-token', 'innocent'])
      expect(() => secrets.value(`secret:${name}`)).toThrow("one of Redstart's own");
    symlinkSync(join(dir, 'platform-token'), join(dir, 'linked'));
    expect(() => files(dir, [join(dir, 'linked')]).value('secret:platform-token')).toThrow("one of Redstart's own");
  });

  it('has it also after the clock was put back', () => {
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
    try {
      put('rotated', 'the former value');
      const secrets = createSecretFiles({ dir, own: [], logger });
      expect(secrets.value('secret:rotated')).toBe('the former value');
      put('rotated', 'the present value');
      vi.setSystemTime(Date.UTC(2026, 0, 1));
      vi.advanceTimersByTime(1000);
      expect(secrets.value('secret:rotated')).toBe('the present value');
    } finally {
      vi.useRealTimers();
    }
  });

  it('has the new value when the file changes, and keeps the old one while it cannot be read', () => {
    // As Kubernetes does it: links to links.
    mkdirSync(join(dir, '..2026_01'));
    writeFileSync(join(dir, '..2026_01', 'token'), 'the first value');
    symlinkSync('..2026_01', join(dir, '..data'));
    symlinkSync(join('..data', 'token'), join(dir, 'token'));
    const secrets = files();
    expect(secrets.value('secret:token')).toBe('the first value');
    mkdirSync(join(dir, '..2026_02'));
    writeFileSync(join(dir, '..2026_02', 'token'), 'the second value');
    rmSync(join(dir, '..data'));
    now += 2000;
    expect(secrets.value('secret:token')).toBe('the first value');
    now += 2000;
    expect(secrets.value('secret:token')).toBe('the first value');
    expect(warnings).toEqual([expect.stringContaining('stays in use')]);
    symlinkSync('..2026_02', join(dir, '..data'));
    now += 2000;
    expect(secrets.value('secret:token')).toBe('the second value');
    expect(warnings[1]).toContain('can be read again');
  });
});

describe('resolveNodeCredentials', () => {
  /** As Node-RED makes nodes: the constructor calls createNode, which assigns the credentials. */
  function host(secrets = files()) {
    const events = new EventEmitter();
    const types = new Map<string, unknown>();
    const definition = { user: { type: 'text' }, password: { type: 'password' } };
    resolveNodeCredentials(
      {
        events,
        nodes: {
          getType: (type) => types.get(type),
          getCredentialDefinition: (type) => (type === 'http-request' ? definition : undefined),
        },
      },
      { secrets, describe: (id) => `node "call" (http request, id ${id}) in flow "Nightly"` },
    );
    class Node {
      id = 'n1';
      declare credentials: Record<string, string> | undefined;
      constructor(credentials?: Record<string, string>) {
        if (credentials) this.credentials = credentials;
      }
    }
    types.set('http request', Node);
    types.set('packaged subflow', { subflow: {} });
    events.emit('type-registered', 'http request');
    events.emit('type-registered', 'packaged subflow');
    return Node;
  }

  it('gives the node the secret, and whoever holds the stored credentials the reference', () => {
    put('pass', 'first password');
    const stored = { user: 'ada', password: 'secret:pass' };
    const node = new (host())({ ...stored });
    expect(node.credentials).toEqual({ user: 'ada', password: 'first password' });
    expect(Object.keys(node)).toContain('credentials');
    expect(stored.password).toBe('secret:pass');
    // As the http request node does with each message.
    const same = node.credentials;
    node.credentials = same;
    put('pass', 'second password');
    now += 2000;
    expect(node.credentials?.password).toBe('second password');
    if (node.credentials) node.credentials.password = 'its own';
    expect(node.credentials?.password).toBe('its own');
    // As nodes do that fetch what Node-RED keeps.
    node.credentials = stored;
    expect(node.credentials.password).toBe('second password');
    expect(stored.password).toBe('secret:pass');
  });

  it('makes no node whose secret is missing, and names node, flow and secret', () => {
    const Node = host();
    expect(() => new Node({ password: 'secret:nothing' })).toThrow(
      /^SECRET_MISSING: node "call" \(http request, id n1\) in flow "Nightly", field "password": the secret "nothing" cannot be read/,
    );
    expect(new Node({ password: 'plain enough' }).credentials).toEqual({ password: 'plain enough' });
    expect(new Node().credentials).toBeUndefined();
  });

  it('has passwords that were typed in stripped from logs, and user names not', () => {
    new (host())({ user: 'a-user-of-a-node', password: 'typed into the editor' });
    expect(redact('a-user-of-a-node typed into the editor')).toBe('a-user-of-a-node [redacted]');
    new (host())({ password: 'password' });
    expect(redact('the password is wrong')).toBe('the password is wrong');
  });
});
