import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { attempted, isRefused } from '../support/attempts.ts';
import { Canary } from '../support/canary.ts';
import { EditorSession, withEditor } from '../support/editor.ts';
import { type FlowNode, node, tab, wire } from '../support/flows.ts';

// A flow that calls the address in a message, and callers who choose it.
const catcher = (): FlowNode[] => {
  const answer = node('http response', { statusCode: '200' });
  const tell = wire(
    node('function', { func: 'msg.payload = { error: msg.error.message }; msg.headers = {}; return msg;', outputs: 1 }),
    [answer],
  );
  return [wire(node('catch', { scope: null }), [tell]), tell, answer];
};
const FLOW = (): FlowNode[] => {
  const answer = node('http response', { statusCode: '200' });
  const seen = wire(
    node('function', {
      func: 'return { res: msg.res, payload: { status: msg.statusCode, body: String(msg.payload) } };',
      outputs: 1,
    }),
    [answer],
  );
  const call = wire(node('http request', { method: 'GET', url: '', ret: 'txt', senderr: true }), [seen]);
  const choose = wire(
    node('function', {
      func: 'msg.url = msg.payload.url; msg.headers = msg.payload.headers || {}; msg.followRedirects = true; delete msg.payload; return msg;',
      outputs: 1,
    }),
    [call],
  );
  const inside = wire(
    node('function', {
      func: `const done = (payload) => node.send({ res: msg.res, payload });
        // Out of the sandbox by the way that is publicly known, and then with what Node.js has.
        const fetch = util.inspect.constructor('return fetch')();
        fetch(msg.payload.url).then((r) => r.text()).then((body) => done({ body }), (e) => done({ error: String(e.cause?.message ?? e.message) }));`,
      outputs: 1,
    }),
    [answer],
  );
  return tab([
    wire(node('http in', { url: '/call', method: 'post' }), [choose]),
    wire(node('http in', { url: '/fetch', method: 'post' }), [inside]),
    choose,
    call,
    seen,
    inside,
    answer,
    ...catcher(),
  ]);
};
const names = {
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, '..', 'support', 'fake-names.ts')).href}`,
};
const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  // The same address as numbers, in other bases, and with parts left out.
  '2852039166',
  '0xa9fea9fe',
  '0xA9.0xFE.0xA9.0xFE',
  '0251.0376.0251.0376',
  '169.254.43518',
  '169.16689662',
  '0251.254.0xa9fe',
  '169.254.169.254.',
  // With other digits and dots.
  '①⑥⑨.②⑤④.①⑥⑨.②⑤④',
  '169。254。169。254',
  // IPv6, and IPv4 in IPv6.
  '[fd00:ec2::254]',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[::169.254.169.254]',
  '[0:0:0:0:0:ffff:a9fe:a9fe]',
  '[64:ff9b::a9fe:a9fe]',
  '[2002:a9fe:a9fe::]',
  '[::ffff:0:169.254.169.254]',
  '[fe80::1]',
  '169.254.1.1',
  // What it is by name.
  'metadata.google.internal',
  '169-254-169-254.plain.test',
  'xfd00-ec2--254.plain.test',
  'x--ffff-a9fe-a9fe.plain.test',
  '169-254-169-254_169-254-169-254.both.test',
];
const LOCAL = [
  '127.0.0.1',
  '127.1',
  '127.255.255.254',
  '0',
  '0.0.0.0',
  '2130706433',
  '0x7f000001',
  '017700000001',
  '0177.1',
  'localhost',
  'LOCALHOST.',
  'app.localhost',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '127-0-0-1.plain.test',
  'x--1.plain.test',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.0.1',
  '100.64.0.1',
  '[fd12:3456::1]',
];

interface Reply {
  status?: number;
  body?: string;
  error?: string;
}

class Victim {
  readonly appliance: Appliance;
  constructor(appliance: Appliance) {
    this.appliance = appliance;
  }

  async call(url: string, path: 'call' | 'fetch' = 'call', patienceMs = 5000): Promise<Reply> {
    const answer = await this.appliance.fetch(`/api/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url }),
      signal: AbortSignal.timeout(patienceMs),
    });
    return (await answer.json()) as Reply;
  }
}

/** Refused by the program, not by the network: this machine may have no way there anyway. */
const blocked = (reply: Reply): boolean => /EGRESS_BLOCKED/.test(`${reply.error} ${reply.body}`);

describe('a flow that is told what to call', () => {
  let victim: Victim;
  let canary: Canary;
  beforeAll(async () => {
    canary = await Canary.listen();
    const env = { ...withEditor, ...names, REDSTART_SIMULATOR: 'true', REDSTART_HTTP_AUTH: 'none' };
    victim = new Victim(await Appliance.start({ flows: { 'main.json': FLOW() }, env }));
  });
  afterAll(async () => {
    await victim?.appliance[Symbol.asyncDispose]();
    await canary?.[Symbol.asyncDispose]();
  });

  it('calls what it may', async () => {
    expect(await victim.call(canary.url)).toMatchObject({ status: 200, body: '{"canary":"sang"}' });
    expect(await victim.call(`http://127-0-0-1.plain.test:${canary.port}`)).toMatchObject({ status: 200 });
    expect(await victim.call(canary.url, 'fetch')).toMatchObject({ body: '{"canary":"sang"}' });
  });

  it('reaches no metadata service, however its address is written', async () => {
    const open: string[] = [];
    for (const host of METADATA)
      for (const path of ['call', 'fetch'] as const) {
        // A name that this machine cannot look up leads nowhere: what matters is that it is no address.
        const reply = await victim.call(`http://${host}/latest/meta-data/`, path);
        const nowhere = host.endsWith('internal') && /ENOTFOUND|EAI_AGAIN/.test(JSON.stringify(reply));
        if (!isRefused('SSRF', blocked(reply) || nowhere)) open.push(`${path} ${host}: ${JSON.stringify(reply)}`);
      }
    expect(open).toEqual([]);
  }, 120_000);

  it('is led there by no redirect', async () => {
    const open: string[] = [];
    for (const host of [
      '169.254.169.254',
      '2852039166',
      '[::ffff:a9fe:a9fe]',
      '169-254-169-254.plain.test',
      '[fd00:ec2::254]',
    ])
      for (const path of ['call', 'fetch'] as const)
        for (const chain of [1, 2]) {
          let url = `http://${host}/`;
          for (let hop = 0; hop < chain; hop += 1) url = `${canary.url}/to/${encodeURIComponent(url)}`;
          const reply = await victim.call(url, path);
          if (!isRefused('SSRF', blocked(reply))) open.push(`${path} ${url}: ${JSON.stringify(reply)}`);
        }
    expect(open).toEqual([]);
  });

  it('is led there by no name that changes its mind', async () => {
    // Looked up once: what was looked at is what is connected to. Whatever comes later is looked at again.
    const open: string[] = [];
    for (let round = 0; round < 6; round += 1)
      for (const path of ['call', 'fetch'] as const) {
        const name = `127-0-0-1_169-254-169-254.${path}${round}`.replace(/\..*/, '');
        const reply = await victim.call(`http://${name}.rebind.test:${canary.port}/${path}${round}`, path);
        const refused = blocked(reply) || /sang/.test(reply.body ?? '');
        if (!isRefused('SSRF', refused)) open.push(`${name}: ${JSON.stringify(reply)}`);
      }
    expect(open).toEqual([]);
  });

  it('uses no other protocol, and no socket of this machine', async () => {
    const open: string[] = [];
    for (const url of [
      'file:///etc/passwd',
      'ftp://169.254.169.254/',
      'gopher://127.0.0.1:1/',
      'unix:/var/run/docker.sock:/info',
      'http://unix:/var/run/docker.sock:/info',
      'https://unix:/var/run/docker.sock:/info',
      'http+unix://%2fvar%2frun%2fdocker.sock/info',
      'data:text/plain,x',
      'javascript:0',
      '//169.254.169.254/',
      'http:169.254.169.254',
      'http:\\\\169.254.169.254\\',
      'http://a@169.254.169.254:80@169.254.169.254/',
      'http://example.invalid\\@169.254.169.254/',
      'http://169.254.169.254#@example.invalid/',
    ]) {
      const reply = await victim
        .call(url, 'call', 1000)
        .catch((error: Error) => ({ error: `no answer: ${error.message}` }) as Reply);
      const text = JSON.stringify(reply);
      const refused =
        !/root:|"Containers"|ami-id/.test(text) &&
        (blocked(reply) || reply.status === undefined || /URL|ENOTFOUND|protocol|EAI_AGAIN|unsupported/i.test(text));
      if (!isRefused('SSRF', refused)) open.push(`${url}: ${text}`);
    }
    expect(open).toEqual([]);
  });

  it('nor do the questions of dialogs lead there', async () => {
    const editor = await EditorSession.signIn(victim.appliance);
    const open: string[] = [];
    for (const host of METADATA.filter((each) => !each.endsWith('internal'))) {
      const connection = { baseUrl: `http://${host}/api`, token: 'of-the-attacker' };
      const answer = await editor.call('POST', '/seqera/identity', { connection });
      const refused =
        answer.status >= 400 && /EGRESS_BLOCKED|not allowed|SEQERA_(?:INVALID_INPUT|UNREACHABLE)/.test(answer.text);
      if (!isRefused('SSRF', refused)) open.push(`${host}: ${answer.status} ${answer.text}`);
    }
    expect(open).toEqual([]);
    expect(victim.appliance.lines.filter(({ code }) => code === 'EGRESS_BLOCKED').length).toBeGreaterThan(10);
  }, 120_000);
});

describe('where private networks are closed', () => {
  it('nothing on this machine or beside it is reached, however it is written, by redirect or name', async () => {
    await using canary = await Canary.listen();
    const env = { ...names, REDSTART_SIMULATOR: 'true', REDSTART_HTTP_AUTH: 'none', REDSTART_EGRESS_PRIVATE: 'block' };
    await using appliance = await Appliance.start({ flows: { 'main.json': FLOW() }, env });
    const victim = new Victim(appliance);
    const open: string[] = [];
    for (const host of LOCAL)
      for (const path of ['call', 'fetch'] as const) {
        const reply = await victim.call(`http://${host}:${canary.port}/`, path);
        // A name below localhost that this machine does not know leads nowhere.
        const nowhere = /localhost/i.test(host) && /ENOTFOUND|EAI_AGAIN/.test(JSON.stringify(reply));
        if (!isRefused('SSRF', blocked(reply) || nowhere)) open.push(`${path} ${host}: ${JSON.stringify(reply)}`);
      }
    expect(open).toEqual([]);
    expect(canary.connections).toBe(0);
    // Itself included: its own admin API, which would see a caller from this machine.
    const self = await victim.call(`${appliance.url}/healthz`);
    expect(isRefused('SSRF', blocked(self))).toBe(true);
  });

  it('and where a list is given, nothing else is called', async () => {
    await using canary = await Canary.listen();
    const env = {
      ...names,
      REDSTART_SIMULATOR: 'true',
      REDSTART_HTTP_AUTH: 'none',
      REDSTART_EGRESS_ALLOW: `allowed.plain.test,127.0.0.1:${canary.port},*.good.test`,
    };
    await using appliance = await Appliance.start({ flows: { 'main.json': FLOW() }, env });
    const victim = new Victim(appliance);
    expect(await victim.call(canary.url)).toMatchObject({ status: 200 });
    attempted('SSRF', 'open');
    const before = canary.connections;
    const open: string[] = [];
    for (const url of [
      `http://[::1]:${canary.port}/`,
      `http://127.0.0.2:${canary.port}/`,
      'http://127.0.0.1:1/',
      'http://93.184.216.34/',
      'http://93-184-216-34.plain.test/',
      'http://127-0-0-2.plain.test/',
      'http://good.test@93.184.216.34/',
      `${canary.url}/to/${encodeURIComponent('http://93.184.216.34/')}`,
      `${canary.url}/to/${encodeURIComponent('http://127.0.0.1:1/')}`,
    ]) {
      const reply = await victim.call(url);
      if (!isRefused('SSRF', blocked(reply))) open.push(`${url}: ${JSON.stringify(reply)}`);
    }
    expect(open).toEqual([]);
    expect(canary.heard.filter(({ path }) => !path.startsWith('/to/')).length).toBe(1);
    expect(canary.connections - before).toBeLessThanOrEqual(2);
  });
});
