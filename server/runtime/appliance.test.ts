import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { othersCanRun } from '../../test/support/other-user.ts';
import { receiver } from '../notifications/testing/receiver.ts';
import { Program, type ProgramOptions } from './testing/program.ts';

let programs: Program[] = [];
afterEach(async () => {
  await Promise.all(programs.map((program) => program.remove()));
  programs = [];
});
const start = async (options: ProgramOptions = {}, dir?: string): Promise<Program> => {
  const program = await Program.start(options, dir);
  programs.push(program);
  return program;
};
const ready = async (url: string): Promise<{ status: number; reasons: string[] }> => {
  const answer = await fetch(`${url}/readyz`);
  return {
    status: answer.status,
    reasons: ((await answer.json()) as { reasons: { code: string }[] }).reasons.map(({ code }) => code),
  };
};

const TAB = { id: 't1', type: 'tab', label: 'Main tab' };
const endpoint = (path: string, func: string, rest: object = {}): object[] => [
  { id: `in-${path}`, type: 'http in', z: 't1', url: `/${path}`, method: 'post', wires: [[`fn-${path}`]] },
  {
    id: `fn-${path}`,
    type: 'function',
    z: 't1',
    name: `fn ${path}`,
    func,
    outputs: 1,
    wires: [[`out-${path}`]],
    ...rest,
  },
  { id: `out-${path}`, type: 'http response', z: 't1', wires: [] },
];
const post = (url: string, path: string): Promise<Response> => fetch(`${url}/api/${path}`, { method: 'POST' });

describe('a run', { timeout: 30_000 }, () => {
  it('starts flows, answers, survives rejections, lets a message in flight finish, and ends with 0', async () => {
    const program = await start({
      flows: {
        'main.json': [
          TAB,
          ...endpoint('hello', 'msg.payload = "hi"; return msg;'),
          ...endpoint(
            'calls',
            'const f = arguments.callee; f.calls = (f.calls ?? 0) + 1; msg.payload = f.calls; return msg;',
          ),
          ...endpoint('float', 'Promise.reject(new Error("floating")); msg.payload = "ok"; return msg;'),
          ...endpoint('slow', 'await new Promise((done) => setTimeout(done, 700)); msg.payload = "late"; return msg;'),
          { id: 'listener', type: 'websocket-listener', path: '/socket', wholemsg: 'false' },
          { id: 'heard', type: 'websocket in', z: 't1', server: 'listener', wires: [[]] },
          { id: 'tick', type: 'inject', z: 't1', repeat: '0.05', once: true, props: [], wires: [['busy']] },
          {
            id: 'busy',
            type: 'function',
            z: 't1',
            func: 'await new Promise((done) => setTimeout(done, 100)); return null;',
            outputs: 0,
            wires: [],
          },
        ],
      },
    });
    const url = await program.url();
    expect(await ready(url)).toEqual({ status: 200, reasons: [] });
    expect(await (await post(url, 'hello')).text()).toBe('hi');
    for (const call of [1, 2]) expect(await (await post(url, 'calls')).json()).toBe(call);

    expect(await (await post(url, 'float')).text()).toBe('ok');
    const line = await program.line(({ msg }) => msg.includes('nobody caught'));
    expect(line).toMatchObject({
      level: 'error',
      node: 'fn-float',
      nodeType: 'function',
      nodeName: 'fn float',
      flow: 't1',
      flowLabel: 'Main tab',
    });
    expect(await (await post(url, 'hello')).text()).toBe('hi');

    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/socket`);
    await once(socket, 'open');
    const ends: unknown[] = [];
    socket.once('close', (code) => ends.push(code));
    const late = post(url, 'slow');
    void late.then(({ status }) => ends.push(status));
    await post(url, 'hello');
    const began = Date.now();
    program.child.kill('SIGTERM');
    await program.line(({ msg }) => msg === 'stopping');
    expect(await (await late).text()).toBe('late');
    expect(await program.exited).toBe(0);
    // Websockets of flows are told that it goes away, when what is in flight has ended and not before.
    expect(ends).toEqual([200, 1001]);
    expect(Date.now() - began).toBeLessThan(3000);
    expect(program.stdout).not.toContain('unfinished');
    expect(program.lines.at(-1)?.msg).toBe('stopped');

    expect((await stat(join(program.dir, 'data'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(program.dir, 'data', 'credential-secret'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(program.dir, 'flows'))).toEqual(['main.json']);
  });

  it('stops within a second when idle, exits at once at the second signal, and ends with 0 in the middle of a start', async () => {
    const idle = await start({ flows: { 'a.json': [TAB] } });
    await idle.url();
    expect(await idle.stop()).toBe(0);
    // By its own clock: this machine may be busy with other tests.
    const at = (text: string): number => Date.parse(String(idle.lines.find(({ msg }) => msg === text)?.time));
    expect(at('stopped') - at('stopping')).toBeLessThan(1000);

    const stuck = await start({
      flows: { 'a.json': [TAB, ...endpoint('never', 'node.warn("taken"); await new Promise(() => {});')] },
    });
    const open = post(await stuck.url(), 'never').catch(() => null);
    await stuck.line(({ msg }) => msg === 'taken');
    stuck.child.kill('SIGINT');
    await stuck.line(({ msg }) => msg === 'stopping');
    stuck.child.kill('SIGINT');
    expect(await stuck.exited).toBe(130);
    await open;

    const early = await start({ flows: { 'a.json': [TAB] }, env: { LOG_LEVEL: 'debug' } });
    await early.line(({ component }) => component === 'node-red');
    expect(await early.stop()).toBe(0);
    expect(early.lines.map(({ msg }) => msg)).not.toContain('ready');
  });

  it('is not ready, and says why and what to do, when a flow uses a node that is off', async () => {
    const flows = {
      'ops.json': [TAB, { id: 'e1', type: 'exec', z: 't1', name: 'run it', wires: [] }],
    };
    const program = await start({ flows });
    const url = await program.url();
    // Anyone may ask: the kind of the fault and nothing of the flows. The log has the rest, once.
    const answer = await fetch(`${url}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      ready: false,
      reasons: [{ code: 'flows_refused', message: expect.stringContaining('the log says which') }],
    });
    await ready(url);
    const logged = program.lines.filter(({ code }) => code === 'FLOW_REFUSED').map(({ msg }) => msg);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(
      /flow "Main tab" \(.*ops\.json\) does not run: node "run it" \(e1\) is of type "exec", which is off by default.*REDSTART_NODES_ALLOW=exec/,
    );
    expect(await program.stop()).toBe(0);
  });

  it('is not ready, and says why, when a flow uses a node that there is not', async () => {
    const program = await start({ flows: { 'ops.json': [TAB, { id: 'u1', type: 'made-up', z: 't1', wires: [] }] } });
    const { status, reasons } = await ready(await program.url());
    expect([status, reasons]).toEqual([503, ['flows_missing_types']]);
    const logged = program.lines.filter(({ code }) => code === 'flows_missing_types').map(({ msg }) => msg);
    expect(logged).toEqual([expect.stringMatching(/"made-up" is in no/)]);
    expect(await program.stop()).toBe(0);
  });

  it('runs a node that is off when it is allowed, and says at the start what that opens', async () => {
    const flows = { 'ops.json': [TAB, { id: 'e1', type: 'exec', z: 't1', wires: [[], [], []] }] };
    const program = await start({ flows, env: { REDSTART_NODES_ALLOW: 'exec' } });
    expect(await ready(await program.url())).toEqual({ status: 200, reasons: [] });
    const warnings = program.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
    expect(warnings).toContain('REDSTART_NODES_ALLOW lets flows use exec (runs programs on this machine)');
    expect(await program.stop()).toBe(0);
  });

  it('starts again after kill -9, with context that was set', async () => {
    const flows = {
      'a.json': [
        TAB,
        ...endpoint(
          'count',
          'const n = (flow.get("n") ?? 0) + 1; flow.set("n", n); msg.payload = String(n); return msg;',
        ),
      ],
    };
    const first = await start({ flows });
    const url = await first.url();
    await post(url, 'count');
    expect(await (await post(url, 'count')).text()).toBe('2');
    first.child.kill('SIGKILL');
    await first.exited;
    const second = await start({ flows }, first.dir);
    expect(await (await post(await second.url(), 'count')).text()).toBe('3');
    expect(await second.stop()).toBe(0);
  });

  it('turns not ready when the data folder does not take writes any more', async () => {
    const program = await start({ flows: { 'a.json': [TAB] } });
    const url = await program.url();
    const data = join(program.dir, 'data');
    await rename(data, `${data}-gone`);
    await writeFile(data, 'a file in its place');
    await expect.poll(async () => (await ready(url)).status, { timeout: 10_000, interval: 300 }).toBe(503);
    expect((await ready(url)).reasons).toEqual(['store_not_writing']);
    expect(program.lines.filter(({ code }) => code === 'store_not_writing')).toHaveLength(1);
    await rm(data);
    await rename(`${data}-gone`, data);
    await expect.poll(async () => (await ready(url)).status, { timeout: 10_000, interval: 300 }).toBe(200);
  });

  it('stops with 1 after an exception that nobody caught', async () => {
    const program = await start({
      flows: {
        'a.json': [
          TAB,
          ...endpoint(
            'crash',
            'util.inspect.constructor("return process")().nextTick(() => { throw new Error("in a tick"); }); return msg;',
          ),
        ],
      },
    });
    await post(await program.url(), 'crash').catch(() => null);
    expect(await program.exited).toBe(1);
    const line = program.lines.find(({ level }) => level === 'fatal');
    expect(line).toMatchObject({ node: 'fn-crash', flowLabel: 'Main tab' });
    expect(line?.msg).toContain('in a tick');
  });
});

describe('what stops a start', { timeout: 20_000 }, () => {
  const failure = async (options: ProgramOptions): Promise<{ code: number | null; text: string; program: Program }> => {
    const program = await start(options);
    const code = await program.exited;
    return { code, text: program.stderr, program };
  };

  it('a flow file with a conflict marker', async () => {
    const { code, text } = await failure({ flows: { 'a.json': '[\n<<<<<<< HEAD\n]\n' } });
    expect(code).toBe(65);
    expect(text).toMatch(
      /FLOW_FILE_NOT_JSON: .*a\.json, line 2, column 1.*<<<<<<< HEAD[\s\S]*→ Line 2 is a merge conflict marker/,
    );
  });

  it('what failed is told to a webhook, once, and that it starts again', async () => {
    await using target = await receiver();
    const env = { REDSTART_NOTIFY_URL: `${target.url}/planted-hook`, REDSTART_NOTIFY_FORMAT: 'generic' };
    const titles = (): string[] => target.received.map(({ body }) => (JSON.parse(body) as { title: string }).title);
    const first = await start({ flows: { 'a.json': '[' }, env });
    const second = async () => await (await start({ flows: null, env }, first.dir)).exited;
    expect([await first.exited, await second()]).toEqual([65, 65]);
    expect(titles()).toEqual([expect.stringMatching(/^Redstart did not start: .*a\.json/)]);
    // A receiver that hangs keeps nobody waiting: another reason, as another file.
    target.answers.push({ status: 200, hang: true });
    await rename(join(first.dir, 'flows', 'a.json'), join(first.dir, 'flows', 'b.json'));
    const asked = Date.now();
    expect(await second()).toBe(65);
    expect(Date.now() - asked).toBeLessThan(15_000);
    expect(titles()).toHaveLength(2);
    await rm(join(first.dir, 'flows', 'b.json'));
    const good = await start({ flows: { 'a.json': [TAB] }, env }, first.dir);
    await expect.poll(titles, { timeout: 20_000 }).toHaveLength(3);
    expect(titles()[2]).toBe('Redstart starts again');
    expect(first.stdout + first.stderr + good.stdout).not.toContain('planted-hook');
  });

  it('a missing flows folder', async () => {
    const { code, text } = await failure({ flows: null });
    expect(code).toBe(66);
    expect(text).toMatch(/FLOWS_FOLDER_MISSING: .*flows does not exist[\s\S]*mkdir -p .*flows/);
  });

  it('a node group that does not exist', async () => {
    const { code, text } = await failure({ env: { REDSTART_NODES_ALLOW: 'exek' } });
    expect(code).toBe(78);
    expect(text).toContain('exek');
    expect(text).toContain('exec');
  });

  it('a port that is taken, before any flow runs', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const { code, text, program } = await failure({ flows: { 'a.json': [TAB] }, env: { PORT: String(port) } });
    other.close();
    expect(code).toBeGreaterThan(0);
    expect(text).toContain(String(port));
    expect(program.lines.map(({ msg }) => msg)).not.toContain('flows started');
  });

  it.skipIf(!othersCanRun(12_345))('a data folder of somebody else: path, ids, mode and the chown', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'redstart-owned-'));
    await chmod(dir, 0o755);
    await mkdir(join(dir, 'flows'));
    await mkdir(join(dir, 'data'), { mode: 0o755 });
    const program = await start({ flows: null, uid: 12_345 }, dir);
    expect(await program.exited).toBe(73);
    expect(program.stderr).toContain(
      `The data folder ${join(dir, 'data')} cannot be written (EACCES). It belongs to uid 0, gid 0, mode 0755; this process runs as uid 12345, gid 12345.`,
    );
    expect(program.stderr).toContain('sudo chown -R 12345:12345 ');
  });
});
