import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

function start(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  running.push(child);
  const shown = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (shown.err += text));
  child.stdin.end();
  return { child, shown, ended: once(child, 'close') };
}

async function run(args: string[], env: Record<string, string> = {}) {
  const { shown, ended } = start(args, env);
  const [code] = await ended;
  return { code, ...shown };
}

describe('redstart', () => {
  it('is under 60 lines', () => {
    expect(readFileSync(main, 'utf8').split('\n').length).toBeLessThan(60);
  });

  it.each([
    [[]],
    [['bogus']],
    [['serve', '--bogus']],
    [['config', 'extra']],
    [['simulator', '--port', '99999']],
    [['simulator', '--port', '1.5']],
    [['simulator', '--speed', '-1']],
    [['simulator', '--scenario', '/no/such/file']],
  ])('%j is wrong usage: 2, on standard error', async (args) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).not.toBe('');
  });

  it.each([[['--help']], [['serve', '--help']], [['help', 'simulator']], [['--version']]])('%j helps', async (args) => {
    const { code, out, err } = await run(args);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^(Usage: redstart|\d+\.\d+\.\d+\n$)/);
  });

  it('does not serve with a wrong environment: 78, everything at once, no secret', async () => {
    const { code, out, err } = await run(['serve'], {
      PORT: 'x',
      LOG_LEVEL: 'loud',
      TOWER_ACCESS_TOKEN: 'planted and wrong',
    });
    expect([code, out]).toEqual([78, '']);
    expect(err).toMatch(/^CONFIG_INVALID: the configuration has 3 problems\n/);
    expect(err).toMatch(/\n→ .+\n$/);
    expect(err).not.toContain('planted');
  });

  it('runs the simulator until it is told to stop', async () => {
    const { child, shown, ended } = start(['simulator']);
    while (!shown.out.includes('TOWER_WORKSPACE_ID')) await once(child.stdout, 'data');
    const endpoint = /TOWER_API_ENDPOINT=(\S+)/.exec(shown.out)?.[1];
    const token = /TOWER_ACCESS_TOKEN=(\S+)/.exec(shown.out)?.[1];
    const answer = await fetch(`${endpoint}/user-info`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
