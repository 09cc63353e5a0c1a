import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { areaOf, rawPath } from './areas.ts';
import { eventLoopLag } from './event-loop-lag.ts';
import { selfSigned } from './self-signed.ts';
import { namesToken } from './token-in-url.ts';

describe('areaOf', () => {
  const roots = { editorPath: '/editor', httpPath: '/api' };
  it('goes by the exact prefix', () => {
    const areas = [
      '/',
      '/healthz',
      '/readyz',
      '/favicon.ico',
      '/editor',
      '/editor/',
      '/editor/flows',
      '/api',
      '/api/x',
      '/Editor',
      '/editors',
      '/api%2f',
      '/metrics',
      '/status',
      '/status/events',
      '/status.json',
      '/statuses',
      '/Status',
    ].map((path) => areaOf(path, roots));
    expect(areas).toEqual([
      'landing',
      'healthz',
      'readyz',
      'favicon',
      'editor',
      'editor',
      'editor',
      'flows',
      'flows',
      'none',
      'none',
      'none',
      'none',
      'status',
      'status',
      'status',
      'none',
      'none',
    ]);
  });

  it('takes the longer prefix where one root is inside the other', () => {
    expect(areaOf('/api/editor/flows', { editorPath: '/api/editor', httpPath: '/api' })).toBe('editor');
    expect(areaOf('/editor/api/x', { editorPath: '/editor', httpPath: '/editor/api' })).toBe('flows');
  });

  it('gives no path for what is none', () => {
    expect(['*', 'http://x/', '//x/y', '', undefined, '/a\\b', '/a\u0000', '/é'].map(rawPath)).toEqual(
      Array(8).fill(null),
    );
    expect(rawPath('/a?b#c')).toBe('/a');
  });
});

describe('namesToken', () => {
  it('sees through encodings', () => {
    const named = [
      'access_token=x',
      'a=1&access_token',
      'access%5ftoken=x',
      'access%5Ftoken[]=x',
      'Access_Token=x',
      '%61ccess_token=x&b=%ff',
    ];
    expect(named.filter((query) => !namesToken(query))).toEqual([]);
    expect(namesToken('token=1&access=2')).toBe(false);
  });
});

describe('eventLoopLag', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('remembers a stall for two seconds, and sees one that still lasts', () => {
    vi.useFakeTimers();
    let now = 0;
    const lag = eventLoopLag(() => now);
    const pass = (ms: number): void => {
      now += ms;
      vi.advanceTimersByTime(500);
    };
    pass(500);
    expect(lag.current()).toBe(0);
    // The timer of 500 comes 3 s late.
    pass(3500);
    expect(lag.current()).toBe(3000);
    pass(500);
    expect(lag.current()).toBe(3000);
    for (let i = 0; i < 5; i += 1) pass(500);
    expect(lag.current()).toBe(0);
    now += 2000;
    expect(lag.current()).toBe(1500);
    lag.stop();
  });
});

describe('selfSigned', () => {
  const dirs: string[] = [];
  afterEach(() => {
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  });
  const dataDir = (): string => {
    const dir = mkdtempSync(join(tmpdir(), 'redstart-tls-'));
    dirs.push(dir);
    return dir;
  };

  it('names this machine and the address, and keeps its key to itself', async () => {
    const dir = dataDir();
    const { material, made } = await selfSigned({ dataDir: dir, host: '192.0.2.7' });
    expect(made).toBe(true);
    for (const name of ['localhost', hostname().toLowerCase()])
      expect(material.certificate.checkHost(name)).toBeDefined();
    for (const ip of ['127.0.0.1', '::1', '192.0.2.7']) expect(material.certificate.checkIP(ip)).toBeDefined();
    expect(material.certificate.ca).toBe(false);
    expect(statSync(join(dir, 'tls/self-signed.key')).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'tls')).mode & 0o077).toBe(0);
  });

  it('is used again while it is good, and made anew when it is not', async () => {
    const dir = dataDir();
    const first = await selfSigned({ dataDir: dir, host: '127.0.0.1' });
    chmodSync(join(dir, 'tls/self-signed.key'), 0o644);
    const again = await selfSigned({ dataDir: dir, host: '127.0.0.1' });
    expect([again.made, again.material.certificate.fingerprint256]).toEqual([
      false,
      first.material.certificate.fingerprint256,
    ]);
    expect(statSync(join(dir, 'tls/self-signed.key')).mode & 0o777).toBe(0o600);
    expect((await selfSigned({ dataDir: dir, host: 'appliance.example' })).made).toBe(true);
    const inAYear = new Date(Date.now() + 380 * 86_400_000);
    expect((await selfSigned({ dataDir: dir, host: 'appliance.example', now: inAYear })).made).toBe(true);
  });

  it('says where it cannot be kept', async () => {
    await expect(selfSigned({ dataDir: '/dev/null', host: 'x' })).rejects.toMatchObject({
      code: 'TLS_SELF_SIGNED_UNWRITABLE',
      message: expect.stringContaining('/dev/null'),
    });
  });
});
