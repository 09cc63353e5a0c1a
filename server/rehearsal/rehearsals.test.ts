import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInChildren } from './child-pool.ts';
import { loadRehearsals } from './load-rehearsals.ts';
import type { RehearsalResult } from './rehearsal.ts';

type Node = Record<string, unknown>;
const inject = (id: string, to: string): Node => ({
  id,
  type: 'inject',
  name: id,
  wires: [[to]],
  props: [{ p: 'payload' }],
  payload: '',
  payloadType: 'date',
  repeat: '',
  crontab: '',
  once: false,
});
const code = (id: string, func: string, ...to: string[]): Node => ({
  id,
  type: 'function',
  name: id,
  func,
  outputs: 1,
  wires: [to],
  libs: [],
});
const debug = (id: string): Node => ({
  id,
  type: 'debug',
  name: id,
  wires: [],
  active: true,
  complete: 'payload',
  targetType: 'msg',
  tosidebar: true,
});

/** Each tab shows one thing that a flow may do. */
const TABS: Record<string, Node[]> = {
  endpoint: [
    { id: 'in', type: 'http in', url: '/samples', method: 'post', wires: [['slow']] },
    {
      id: 'slow',
      type: 'delay',
      name: 'slow',
      pauseType: 'delay',
      timeout: '1',
      timeoutUnits: 'minutes',
      outputs: 1,
      wires: [['count']],
    },
    code(
      'count',
      `const count = (name, store) => { const n = (global.get(name, store) ?? 0) + 1; global.set(name, n, store); return n; };
       msg.payload = { got: msg.payload.sample, where: env.get('WHERE'), token: env.get('TOWER_ACCESS_TOKEN') ?? null, kept: count('n'), memory: count('m', 'memory'), at: new Date().toISOString() };
       msg.statusCode = 201;
       return msg;`,
      'out',
    ),
    { id: 'out', type: 'http response', wires: [] },
  ],
  request: [
    inject('ask now', 'ask'),
    {
      id: 'ask',
      type: 'http request',
      name: 'ask',
      method: 'GET',
      ret: 'obj',
      url: 'https://example.org/x?y=1',
      senderr: true,
      wires: [['asked']],
    },
    debug('asked'),
    { id: 'catch', type: 'catch', scope: null, wires: [['errors']] },
    debug('errors'),
  ],
  loops: [
    inject('sync', 'sync loop'),
    code('sync loop', 'while (true) {}'),
    inject('async', 'async loop'),
    code('async loop', 'await null; while (true) {}'),
    inject('circle', 'round'),
    code('round', 'return msg;', 'round'),
    inject('reject', 'floating'),
    code('floating', 'Promise.reject(new Error("nobody heard")); return msg;'),
    inject('throw', 'later'),
    code('later', 'setTimeout(() => { throw new Error("too late") }, 1000); return msg;'),
  ],
  platform: [
    inject('go', 'launch'),
    {
      id: 'launch',
      type: 'seqera-workflow-launch',
      name: 'launch',
      seqera: 'real',
      workspaceId: '4711',
      launchpadName: 'hello',
      wires: [['launched']],
    },
    debug('launched'),
    { id: 'read', type: 'http request', name: 'read', method: 'GET', ret: 'txt', url: 'REAL', wires: [[]] },
    inject('leave', 'read'),
  ],
  subflow: [
    inject('number', 'twice'),
    { id: 'twice', type: 'subflow:sf', name: 'twice', wires: [['doubled']] },
    debug('doubled'),
  ],
  socket: [{ id: 'ws', type: 'websocket out', name: 'ws', client: 'wsc', wires: [] }],
  files: [
    inject('list', 'files'),
    {
      id: 'files',
      type: 'seqera-datalink-list',
      name: 'files',
      dataLinkName: 'reads-archive',
      basePath: 'runs/2026-05-12_A00123',
      pattern: '(?=.*S1)(?=.*_R1).*',
      wires: [['listed']],
    },
    debug('listed'),
  ],
  missing: [{ id: 'nix', type: 'no-such-node', name: 'nix', wires: [] }],
};

const TESTS = `
rehearsals:
  - name: time passes between a request and its answer
    flows: [endpoint]
    env: { WHERE: here }
    at: 2026-03-02T21:00:00Z
    steps:
      - request: POST /samples
        body: { sample: S1 }
        answer: { status: 201, body: { got: S1, where: here, token: null, kept: 1, memory: 1, at: '2026-03-02T21:01:00.000Z' } }
      - wait: 2m
  - name: state is fresh
    flows: [endpoint]
    steps:
      - request: POST /samples
        body: { sample: S1 }
        answer: { body: { kept: 1, memory: 1 } }
      - wait: 2m
      - restart: true
      - request: POST /samples
        body: { sample: S2 }
        answer: { body: { kept: 2 } }
      - wait: 2m
  - name: no answer yet
    flows: [endpoint]
    steps: [{ request: POST /samples, body: { sample: S2 }, answer: { status: 201 } }, { wait: 10s }]
  - name: no fixture
    flows: [request]
    steps: [{ inject: ask now }]
  - name: late fixture
    flows: [request]
    http: [{ request: 'GET https://example.org/*', answer: { body: { a: 1 }, after: 30s } }]
    steps: [{ inject: ask now }, { wait: 1m }]
    expect: [{ message: asked, with: { payload: { a: 1 }, statusCode: 200 } }, { http: 'GET https://example.org/x?y=1', times: 1 }]
  - name: broken and hanging fixtures
    flows: [request]
    http:
      - { request: 'GET https://example.org/*', times: 1, answer: { fails: reset } }
      - { request: 'GET https://example.org/*', answer: { fails: hang } }
    steps: [{ inject: ask now }, { wait: 1s }, { inject: ask now }, { wait: 5m }]
    expect: [{ error: ask, times: 2 }]
  - name: a loop
    flows: [loops]
    timeout: 500ms
    steps: [{ inject: sync }]
  - name: a loop that blocks
    flows: [loops]
    timeout: 500ms
    steps: [{ inject: async }]
  - name: a circle
    flows: [loops]
    timeout: 2s
    steps: [{ inject: circle }]
  - name: a floating rejection
    flows: [loops]
    steps: [{ inject: reject }, { wait: 1s }]
  - name: a throw in a timer
    flows: [loops]
    steps: [{ inject: throw }, { wait: 5s }]
  - name: a connection of its own
    flows: [platform]
    steps: [{ inject: go }, { wait: 5s }]
    expect: [{ message: launched, times: 1 }, { call: POST /workflow/launch, times: 1 }]
  - name: away
    flows: [platform]
    steps: [{ inject: leave }]
  - name: a hanging and a slow Platform
    flows: [platform]
    platform:
      faults:
        - { match: { path: ^/pipelines }, kind: hang, times: 1 }
        - { match: { path: ^/pipelines }, kind: latency, delay: 20s, times: 1 }
    steps: [{ inject: go }, { wait: 5m }]
    expect: [{ message: launched }]
  - name: a pattern that a thread matches
    flows: [files]
    steps: [{ inject: list }]
    expect: [{ message: listed, with: { files: [/S1_R1/] } }]
  - name: a subflow
    flows: [subflow]
    steps: [{ inject: number, message: { payload: 21 } }, { send: twice, message: { payload: 4 } }]
    expect: [{ message: double, with: { payload: 4 } }, { message: doubled, with: { payload: 8 } }]
  - name: a socket
    flows: [socket]
    steps: [{ wait: 1m }]
  - name: a missing type
    flows: [missing]
    steps: [{ wait: 1m }]
`;

describe('rehearsals', () => {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-test-'));
  const results = new Map<string, RehearsalResult>();
  let visits = 0;
  const real = createServer((_request, response) => {
    visits++;
    response.end('real');
  });

  // One after the other in one process, as what one leaves behind is what the next must not find.
  beforeAll(async () => {
    await new Promise<void>((resolve) => real.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(real.address() as AddressInfo).port}`;
    const tabs = Object.entries(TABS).flatMap(([label, nodes]) => [
      { id: `tab-${label}`, type: 'tab', label },
      ...nodes.map((node) => ({ ...node, z: `tab-${label}`, x: 1, y: 1, ...(node.url === 'REAL' ? { url } : {}) })),
    ]);
    const others = [
      { id: 'real', type: 'seqera-config', name: 'real', baseUrl: url, workspaceId: '123' },
      { id: 'wsc', type: 'websocket-client', path: 'ws://example.org/socket', wholemsg: 'false' },
      {
        id: 'sf',
        type: 'subflow',
        name: 'twice',
        in: [{ wires: [{ id: 'double' }] }],
        out: [{ wires: [{ id: 'double', port: 0 }] }],
      },
      { ...code('double', 'msg.payload *= 2; return msg;'), z: 'sf', x: 1, y: 1 },
    ];
    writeFileSync(join(dir, 'flows.json'), JSON.stringify([...tabs, ...others]));
    writeFileSync(join(dir, 'all.flowtest.yaml'), TESTS);
    process.env.TOWER_ACCESS_TOKEN = 'planted-token';
    process.env.TOWER_API_ENDPOINT = url;
    const { rehearsals, problems } = await loadRehearsals([join(dir, 'all.flowtest.yaml')]);
    expect(problems).toEqual([]);
    await runInChildren(rehearsals, {
      children: 1,
      nodesAllow: '',
      graceMs: 500,
      onResult: (index, result) => {
        results.set(rehearsals[index]?.name ?? '', result);
        return true;
      },
    });
  }, 120_000);

  afterAll(() => {
    real.close();
    delete process.env.TOWER_ACCESS_TOKEN;
    delete process.env.TOWER_API_ENDPOINT;
    rmSync(dir, { recursive: true, force: true });
  });

  const said = (name: string): string =>
    (results.get(name)?.failures ?? [{ message: 'it did not run', details: [] }])
      .flatMap(({ message, details }) => [message, ...details])
      .join('\n');

  it.each([
    'time passes between a request and its answer',
    'state is fresh',
    'late fixture',
    'broken and hanging fixtures',
    'a connection of its own',
    'a hanging and a slow Platform',
    'a pattern that a thread matches',
    'a subflow',
  ])('%s: passes', (name) => {
    expect(said(name)).toBe('');
  });

  it.each([
    ['no answer yet', /POST \/samples was not answered[\s\S]*"slow" still has it/],
    [
      'no fixture',
      /no answer here and was refused: GET https:\/\/example\.org[\s\S]*- request: GET https:\/\/example\.org\/x\*/,
    ],
    ['a loop', /it was cut after \d+ ms of real time[\s\S]*given to "sync loop"/],
    ['a loop that blocks', /it was cut after \d+ ms of real time[\s\S]*given to "async loop"/],
    ['a circle', /"round" got \d+ messages: does the flow send in a circle/],
    ['a floating rejection', /"floating" raised an error that nothing caught: nobody heard/],
    ['a throw in a timer', /"later" raised an error that nothing caught: too late/],
    ['away', /refused: GET http:\/\/127\.0\.0\.1/],
    ['a socket', /refused: CONNECT example\.org:80/],
    ['a missing type', /the flows do not start \(flows_missing_types\)[\s\S]*"no-such-node"/],
  ])('%s: fails, and says why', (name, why) => {
    expect(said(name)).toMatch(why);
  });

  it('never reaches anything real, whatever the environment and the flows say', () => {
    expect(visits).toBe(0);
  });

  it('takes milliseconds for minutes', () => {
    const { ms, virtualMs } = results.get('state is fresh') ?? { ms: 0, virtualMs: 0 };
    expect(virtualMs).toBeGreaterThan(240_000);
    expect(ms).toBeLessThan(5000);
  });
});
