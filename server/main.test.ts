import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createProgram } from './program.ts';

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
    [['bogus'], 'redstart'],
    [['srve'], 'redstart'],
    [['--bogus'], 'redstart'],
    [['serve', '--bogus'], 'redstart serve'],
    [['config', 'extra'], 'redstart config'],
    [['hash-password', 'a password'], 'redstart hash-password'],
    [['simulator', '--port'], 'redstart simulator'],
    [['simulator', '--port', '99999'], 'redstart simulator'],
    [['simulator', '--port', '1.5'], 'redstart simulator'],
    [['simulator', '--speed', '-1'], 'redstart simulator'],
    [['backup'], 'redstart backup'],
    [['restore', 'one', 'two'], 'redstart restore'],
    [['help', 'bogus'], 'redstart'],
  ])('%j is wrong usage: 2, on standard error, with the help to ask for', async (args, command) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^WRONG_USAGE: .+\n/);
    expect(err.split('\n').at(-2)).toBe(`→ ${command} --help shows how to use it.`);
    expect(err).not.toContain('a password');
  });

  it('names the command that was meant', async () => {
    expect((await run(['srve'])).err).toContain('Did you mean serve?');
  });

  it('shows how it is used when it is given no command, and says what is wrong with a scenario: 2', async () => {
    expect(await run([])).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^Usage: redstart /) });
    const scenario = await run(['simulator', '--scenario', '/no/such/file']);
    expect(scenario).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/^SIMULATOR_SCENARIO_INVALID: .+\n→ /),
    });
  });

  it('describes every command, with each of its arguments and options', () => {
    const program = createProgram();
    expect(program.commands.length).toBeGreaterThan(4);
    for (const command of program.commands) {
      const described = [command, ...command.options, ...command.registeredArguments];
      for (const one of described) {
        const text = typeof one.description === 'function' ? one.description() : one.description;
        expect([command.name(), text]).toEqual([command.name(), expect.stringMatching(/\w/)]);
      }
    }
  });

  it.each([[['--help']], [['serve', '--help']], [['help', 'simulator']], [['help']], [['--version']]])(
    '%j helps',
    async (args) => {
      const { code, out, err } = await run(args);
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(/^(Usage: redstart|\d+\.\d+\.\d+\n$)/);
    },
  );

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
