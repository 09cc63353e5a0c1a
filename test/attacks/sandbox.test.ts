import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { attempted } from '../support/attempts.ts';
import { node, tab, wire } from '../support/flows.ts';

/**
 * What is publicly known for getting out of Node.js's vm from a function node, and what there is to find outside. The
 * first list documents that the vm is no border; the second is the border.
 */
const PASSWORD = 'a-password-of-this-test';
const TOKEN = 'planted-8c1b7a5e93d24f60b2aa51c7d0e4f913';
const asCaller = { authorization: `Basic ${Buffer.from(`caller:${PASSWORD}`).toString('base64')}` };

// `inside` runs the text as code of the function node; `outside` in the realm of Node.js itself, with what an escape has.
const RUN = `
const host = util.inspect.constructor;
const run = async () => {
  if (msg.payload.inside) return Function('msg', 'node', msg.payload.inside)(msg, node);
  const Outside = host('return (async () => {}).constructor')();
  return new Outside('process', 'get', msg.payload.outside)(host('return process')(), (name) => host('return process')().getBuiltinModule(name));
};
try {
  const result = await run();
  msg.payload = { result: result === undefined ? 'done' : String(result) };
} catch (error) {
  msg.payload = { error: String(error.code ?? error.message) };
}
return msg;`;

let appliance: Appliance;
let outside: string;

beforeAll(async () => {
  outside = mkdtempSync(join(tmpdir(), 'redstart-outside-'));
  writeFileSync(join(outside, 'secret'), 'of somebody else\n');
  const answer = node('http response');
  const run = wire(node('function', { name: 'escape', func: RUN, outputs: 1 }), [answer]);
  const flow = tab([wire(node('http in', { url: '/try', method: 'post' }), [run]), run, answer]);
  appliance = await Appliance.start({
    permission: true,
    flows: { 'flows.json': flow },
    env: {
      REDSTART_HTTP_USER: 'caller',
      REDSTART_HTTP_PASSWORD: PASSWORD,
      TOWER_ACCESS_TOKEN: TOKEN,
      REDSTART_LOOP_LIMIT_SECONDS: '3',
      CLOUD_SECRET: 'of the platform that runs this',
    },
  });
});
afterAll(async () => {
  await appliance?.[Symbol.asyncDispose]();
  rmSync(outside, { recursive: true, force: true });
});

const attempt = async (payload: {
  inside?: string;
  outside?: string;
}): Promise<{ result?: string; error?: string }> => {
  const answer = await appliance.fetch('/api/try', {
    method: 'POST',
    headers: { ...asCaller, 'content-type': 'application/json' },
    body: JSON.stringify(payload),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { result?: string; error?: string };
};

describe('ways out of the vm', () => {
  it.each([
    ['process', 'return process.pid'],
    ['require', "return require('fs')"],
    ['global.process', 'return global.process.pid'],
    ['globalThis.process', 'return globalThis.process.pid'],
    ['dynamic import', "return import('node:fs')"],
    [
      'an error of its own realm',
      "try { null.x } catch (e) { return e.constructor.constructor('return process')().pid }",
    ],
    ['an array of its own realm', "return [].constructor.constructor('return process')().pid"],
    ['a promise of its own realm', "return Promise.resolve().constructor.constructor('return process')().pid"],
  ])('closed: %s', async (_way, inside) => {
    expect(await attempt({ inside })).toEqual({ error: expect.any(String) });
    attempted('ways out of a function node', 'refused');
  });

  // Objects of Node.js itself that Node-RED hands to every function node: any one of them is enough.
  it.each([
    ['this', "return this.constructor.constructor('return process')().pid"],
    ['util', "return util.inspect.constructor('return process')().pid"],
    ['Buffer', "return Buffer.from.constructor('return process')().pid"],
    ['console', "return console.log.constructor('return process')().pid"],
    ['setTimeout', "return setTimeout.constructor('return process')().pid"],
    ['env', "return env.get.constructor('return process')().pid"],
    ['context', "return context.get.constructor('return process')().pid"],
    ['global', "return global.get.constructor('return process')().pid"],
    ['RED.util', "return RED.util.cloneMessage.constructor('return process')().pid"],
    ['node', "return node.send.constructor('return process')?.pid ?? node.on.constructor('return process')().pid"],
    ['msg.req', "return msg.req.constructor.constructor('return process')().pid"],
    ['URL', "return URL.constructor('return process')().pid"],
    ['a host error', "try { Buffer.alloc(-1) } catch (e) { return e.constructor.constructor('return process')().pid }"],
    [
      'a host error through a proxy',
      "try { util.inspect(new Proxy({}, { get: () => { throw 0 } }), { customInspect: 1 }); Buffer.from(Symbol()) } catch (e) { return e.constructor.constructor('return process')().pid }",
    ],
    [
      'Error.prepareStackTrace',
      "let out; const before = Error.prepareStackTrace; Error.prepareStackTrace = (_e, frames) => frames; const frames = new Error().stack; Error.prepareStackTrace = before; for (const f of Array.isArray(frames) ? frames : []) { const t = f.getThis?.() ?? f.getFunction?.(); out ??= t?.constructor?.constructor?.('return typeof process === \"object\" && process.pid')?.() } return out || util.inspect.constructor('return process')().pid",
    ],
  ])('open, as the documentation says: %s', async (_way, inside) => {
    attempted('ways out of a function node', 'open');
    expect(Number((await attempt({ inside })).result)).toBe(appliance.pid);
  });
});

describe('what is found outside', () => {
  const PERMISSION = /^ERR_(?:ACCESS_DENIED|DLOPEN_DISABLED|LOAD_SQLITE_EXTENSION|CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED)$/;
  it.each([
    ['a shell', "return get('child_process').execSync('id')"],
    ['a program', "return get('child_process').spawnSync('/bin/id').error.code"],
    ['fork', "get('child_process').fork('/dev/null')"],
    ['execve', "process.execve('/bin/id', ['id'])"],
    ['a file of the machine', "return get('fs').readFileSync('/etc/passwd', 'utf8')"],
    ['a file of another user', "return get('fs').readFileSync(SECRET, 'utf8')"],
    ['its own environment as it was', "return get('fs').readFileSync('/proc/self/environ', 'utf8')"],
    ['its own memory', "return get('fs').openSync('/proc/self/mem', 'r')"],
    ['a link out of the data folder', "get('fs').symlinkSync('/etc', DATA + '/etc')"],
    ['.. out of the data folder', "return get('fs').readFileSync(DATA + '/../../../../../../etc/passwd', 'utf8')"],
    ['a path as bytes', "return get('fs').readFileSync(get('buffer').Buffer.from('/etc/passwd'), 'utf8')"],
    ['writing elsewhere', "get('fs').writeFileSync(SECRET, 'x')"],
    ['writing to the program', "get('fs').appendFileSync(process.argv[1], '//')"],
    ['promises of files', "return await get('fs/promises').readFile('/etc/passwd', 'utf8')"],
    ['another folder', "process.chdir('/')"],
    ['an env file', "process.loadEnvFile('/etc/passwd')"],
    ['a report', "process.report.writeReport(SECRET + '.report')"],
    ['a snapshot of the heap', "get('v8').writeHeapSnapshot(SECRET + '.heap')"],
    ['tracing', "get('trace_events').createTracing({ categories: ['v8'] }).enable()"],
    ['native code', "process.dlopen({ exports: {} }, '/tmp/x.node')"],
    ['an internal binding', "return process.binding('fs')"],
    ['a thread', "new (get('worker_threads').Worker)('1', { eval: true })"],
    ['a thread without permissions', "new (get('worker_threads').Worker)('1', { eval: true, execArgv: [] })"],
    ['module hooks', "get('module').register('data:text/javascript,')"],
    ['the debugger', "new (get('inspector').Session)().connect()"],
    ['a port of the debugger', "get('inspector').open(0)"],
    ['a thread of the debugger', "new (get('inspector/promises').Session)().connect()"],
    ['WASI', "new (get('wasi').WASI)({ version: 'preview1', preopens: { '/': '/' } })"],
    [
      'an SQLite extension',
      "new (get('node:sqlite').DatabaseSync)(':memory:', { allowExtension: true }).loadExtension('/tmp/x')",
    ],
    ['an OpenSSL engine', "get('crypto').setEngine('/tmp/x.so')"],
  ])('nothing by %s', async (_what, code) => {
    const text = code
      .replaceAll('SECRET', JSON.stringify(join(outside, 'secret')))
      .replaceAll('DATA', JSON.stringify(join(appliance.folder, 'data')));
    const { result, error } = await attempt({ outside: text });
    expect(error ?? result).toMatch(PERMISSION);
    attempted('what is outside of a function node', 'refused');
  });

  it.each([
    ['metadata by http', "http('http://169.254.169.254/latest/meta-data/')"],
    ['metadata by IPv6', "http('http://[fd00:ec2::254]/')"],
    ['metadata by fetch', "fetch('http://169.254.169.254/').catch((e) => { throw e.cause })"],
    ['the socket of Docker', "http({ socketPath: '/var/run/docker.sock', path: '/' })"],
  ])('no connection: %s', async (_what, call) => {
    const http = "const http = (o) => new Promise((r, j) => get('http').get(o, () => r('answer')).on('error', j));";
    expect(await attempt({ outside: `${http} return await ${call}` })).toEqual({ error: 'EGRESS_BLOCKED' });
    attempted('what is outside of a function node', 'refused');
  });

  it('no secret in the environment', async () => {
    const { result } = await attempt({ outside: 'return JSON.stringify(process.env)' });
    expect(result).not.toMatch(/planted|of the platform|password/);
    expect(Object.keys(JSON.parse(result ?? '{}')).sort()).toEqual(['FLOW_SIMULATOR', 'HOME', 'PATH']);
    attempted('what is outside of a function node', 'refused');
  });

  // The limits of the border, so that the documentation does not promise more: see docs/hardening.md.
  it('but a database file can be made anywhere that this user may write, and ports be listened on', async () => {
    attempted('what is outside of a function node', 'open', 2);
    const file = join(outside, 'made.db');
    await attempt({
      outside: `new (get('node:sqlite').DatabaseSync)(${JSON.stringify(file)}).exec('create table t(x)')`,
    });
    expect(existsSync(file)).toBe(true);
    const listen =
      "return await new Promise((r) => { const s = get('net').createServer().listen(0, '127.0.0.1', () => { s.close(); r('listens') }) })";
    expect(await attempt({ outside: listen })).toEqual({ result: 'listens' });
  });

  it('and it serves on', async () => {
    expect(await attempt({ inside: 'return 1 + 1' })).toEqual({ result: '2' });
    expect((await appliance.fetch('/readyz')).status).toBe(200);
  });

  it('until code of it loops for ever, which ends it with the name of the node', async () => {
    await attempt({ inside: 'return (async () => { await null; for (;;) {} })()' }).catch(() => null);
    // Null: on a machine that is too busy to end in order, its last resort did it.
    expect([79, null]).toContain(await appliance.exited);
    expect(appliance.lines.at(-1)).toMatchObject({ code: 'FLOW_BLOCKED_EVERYTHING', nodeName: 'escape' });
    attempted('what is outside of a function node', 'refused');
  });
});
