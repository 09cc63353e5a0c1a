import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { attempted, isRefused } from '../support/attempts.ts';
import { Canary } from '../support/canary.ts';
import { EditorSession, withEditor } from '../support/editor.ts';
import { type FlowNode, node, tab, wire } from '../support/flows.ts';
import { suiteFolder, temporaryFolder } from '../support/folder.ts';
import { connectionTo, platform, post, type Simulator, TOKEN } from '../support/platform.ts';

// A flow file from somebody else: what it brings along does not run, it opens nothing, and the flows beside it run.
const EVIL = 'node-red-contrib-evil';

describe('a folder of flows from somebody else', () => {
  const folder = suiteFolder();
  const marks = join(folder, 'marks');
  let simulator: Simulator;
  let canary: Canary;
  let appliance: Appliance;
  let editor: EditorSession;

  /** A module that leaves a mark when it is loaded. */
  const module = (path: string): void => {
    const mark = path.replace(/[^\w]+/g, '-');
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(
      join(folder, path),
      `require('fs').writeFileSync(${JSON.stringify(join(marks, mark))}, ''); module.exports = (RED) => { RED?.nodes?.registerType?.('evil-${mark}', function (d) { RED.nodes.createNode(this, d); }); };`,
    );
  };
  const pack = (path: string): void => {
    module(`${path}/index.js`);
    writeFileSync(
      join(folder, path, 'package.json'),
      JSON.stringify({
        name: EVIL,
        version: '1.0.0',
        main: 'index.js',
        scripts: { preinstall: `touch ${marks}/preinstall`, postinstall: `touch ${marks}/postinstall` },
        'node-red': { nodes: { evil: 'index.js' }, plugins: { evil: 'index.js' } },
      }),
    );
    writeFileSync(
      join(folder, path, 'index.html'),
      '<script type="text/javascript">RED.nodes.registerType(\'evil\', {});</script>',
    );
  };

  const answer = node('http response', { statusCode: '200' });
  const told = (func: string): FlowNode => wire(node('function', { func, outputs: 1 }), [answer]);
  const route = (url: string, func: string): FlowNode[] => {
    const tell = told(func);
    return [wire(node('http in', { url, method: 'get' }), [tell]), tell];
  };
  const mark = (name: string): string => `touch ${join(marks, name)}`;
  /** One flow each: what is wrong with one is not held against the others. */
  const refused: Record<string, FlowNode[]> = {
    exec: [
      node('inject', { once: true, onceDelay: 0, wires: [['execnode']] }),
      { ...node('exec', { command: mark('exec') }), id: 'execnode' },
    ],
    tcp: [node('tcp in', { server: 'server', host: '', port: '18999' })],
    udp: [node('udp in', { port: '18998' })],
    watch: [node('watch', { files: '/etc' })],
    'file in': [node('file in', { filename: '/etc/passwd' })],
    'a module': [node('function', { func: '', libs: [{ var: 'x', module: 'fs' }] })],
    'a package': [node('function', { func: '', libs: [{ var: 'x', module: EVIL }] })],
    'an address of a package': [
      node('function', { func: '', libs: [{ var: 'x', module: `https://127.0.0.1/${EVIL}.tgz` }] }),
    ],
    'a module by path': [node('function', { func: '', libs: [{ var: 'x', module: '../flows/evil.js' }] })],
  };

  beforeAll(async () => {
    simulator = await platform();
    canary = await Canary.listen();
    mkdirSync(marks);
    for (const path of [
      'flows/evil.js',
      'flows/nodes/evil.js',
      'flows/settings.js',
      'nodes/evil.js',
      'settings.js',
      'data/nodes/evil.js',
      'data/settings.js',
      'data/node-red/settings.js',
      'data/node-red/nodes/evil.js',
      'data/node-red/lib/evil.js',
      '.node-red/nodes/evil.js',
      '.node-red/settings.js',
    ])
      module(path);
    for (const path of ['', 'flows/', 'data/', 'data/node-red/', '.node-red/', 'data/node-red/externalModules/'])
      pack(`${path}node_modules/${EVIL}`);
    writeFileSync(
      join(folder, 'data/node-red/package.json'),
      JSON.stringify({ name: 'x', dependencies: { [EVIL]: '1.0.0' } }),
    );
    writeFileSync(
      join(folder, 'data/node-red/.config.nodes.json'),
      JSON.stringify({
        [EVIL]: {
          name: EVIL,
          version: '1.0.0',
          local: true,
          user: true,
          nodes: {
            evil: {
              name: 'evil',
              types: ['evil'],
              enabled: true,
              local: true,
              file: join(folder, 'data/node-red/node_modules', EVIL, 'index.js'),
            },
          },
        },
      }),
    );

    const good = tab(
      [
        ...route('/good', "msg.payload = 'good'; return msg;"),
        ...route(
          '/env',
          "msg.payload = ['A', 'B', 'C', 'TOWER_ACCESS_TOKEN', 'TOWER_ACCESS_TOKEN_FILE', 'REDSTART_ADMIN_PASSWORD', 'NODE_OPTIONS', 'PATH', 'HOME'].map((name) => env.get(name) || '').join('|'); return msg;",
        ),
        // Into the address space of the program.
        ...['/../editor/flows', '/../healthz', '/../../', '//editor', '*', '/(.*)'].flatMap((url) =>
          route(url, "msg.payload = 'taken over'; return msg;"),
        ),
        answer,
      ],
      'good',
      'Good',
    ).map((each) =>
      each.type === 'tab'
        ? {
            ...each,
            env: [
              { name: 'A', type: 'env', value: 'TOWER_ACCESS_TOKEN' },
              // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what Node-RED itself replaces
              { name: 'B', type: 'str', value: '${REDSTART_ADMIN_PASSWORD}' },
              {
                name: 'C',
                type: 'jsonata',
                value: '$env("TOWER_ACCESS_TOKEN_FILE") & $env("REDSTART_ADMIN_PASSWORD")',
              },
            ],
          }
        : each,
    );
    const listener = { ...node('websocket-listener', { path: '/../editor/comms', wholemsg: 'false' }), z: '' };
    const flows: Record<string, unknown> = {
      'good.json': good,
      'listener.json': [
        ...tab(
          [wire(node('websocket in', { server: listener.id }), [node('debug', { active: false })])],
          'listens',
          'Listens',
        ),
        listener,
      ],
    };
    for (const [name, nodes] of Object.entries(refused)) {
      const id = name.replaceAll(' ', '-');
      flows[`refused-${id}.json`] = tab(
        [
          ...nodes,
          ...route(`/refused-${id}`, "msg.payload = 'runs'; return msg;"),
          { ...node('http response'), id: `answer-${id}` },
        ],
        id,
        name,
      );
    }
    appliance = Appliance.launch({
      folder,
      flows,
      env: {
        ...connectionTo(simulator, folder),
        ...withEditor,
        REDSTART_HTTP_AUTH: 'none',
        REDSTART_HTTP_USER: '',
        REDSTART_HTTP_PASSWORD: '',
      },
    });
    await appliance.until(() => appliance.url !== '', 'the address');
    editor = await EditorSession.signIn(appliance);
  });
  afterAll(async () => {
    await appliance?.[Symbol.asyncDispose]();
    await canary?.[Symbol.asyncDispose]();
    await simulator?.close();
  });

  it('runs nothing that it brings along, and nothing that lies about', async () => {
    const planted = readdirSync(folder, { recursive: true }).filter((path) =>
      /(?:evil|settings|node-red-contrib-evil\/index)\.js$/.test(String(path)),
    );
    expect(planted.length).toBeGreaterThan(15);
    attempted('malicious flow files', 'refused', planted.length - readdirSync(marks).length);
    expect(readdirSync(marks)).toEqual([]);
    const types = (await editor.call('GET', '/nodes')).text;
    expect(isRefused('malicious flow files', !types.includes('evil'))).toBe(true);
  });

  it('runs no flow with a node that is off, and says which', async () => {
    const { reasons } = (await (await appliance.fetch('/readyz')).json()) as { reasons: { code: string }[] };
    expect(reasons.map(({ code }) => code)).toContain('flows_refused');
    for (const name of Object.keys(refused)) {
      const answered = await appliance.fetch(`/api/refused-${name.replaceAll(' ', '-')}`).then((reply) => reply.text());
      const told = appliance.lines.some(
        ({ msg }) => msg.includes(`flow "${name}"`) && msg.includes('REDSTART_NODES_ALLOW'),
      );
      expect([name, isRefused('malicious flow files', answered !== 'runs' && told)]).toEqual([name, true]);
    }
  });

  it('takes over nothing of the program', async () => {
    for (const path of ['/', '/healthz', '/readyz', '/editor/']) {
      const text = await (await appliance.fetch(path)).text();
      expect([path, isRefused('malicious flow files', text !== '' && !text.includes('taken over'))]).toEqual([
        path,
        true,
      ]);
    }
    expect(isRefused('malicious flow files', (await appliance.fetch('/editor/flows')).status === 401)).toBe(true);
    const comms = await editor.comms();
    comms.close();
    expect(await comms.ended).toBe(1005);
    attempted('malicious flow files', 'refused');
  });

  it('reads no variable', async () => {
    const values = await (await appliance.fetch('/api/env')).text();
    for (const value of values.split('|')) isRefused('malicious flow files', value === '' || value.startsWith('${'));
    // A text is no variable, whatever stands in it.
    expect(values).toMatch(/^\|\$\{REDSTART_ADMIN_PASSWORD\}\|+$/);
  });

  it('nor can anybody in the editor add code', async () => {
    const tarball = `--x\r\nContent-Disposition: form-data; name="tarball"; filename="evil.tgz"\r\nContent-Type: application/gzip\r\n\r\nx\r\n--x--\r\n`;
    const tries: [string, string, string, string][] = [
      ...[
        { module: EVIL },
        { module: EVIL, version: '1.0.0' },
        { module: `git+https://127.0.0.1/${EVIL}` },
        { url: `${canary.url}/evil.tgz` },
        { module: folder },
        { module: '../flows' },
        { module: EVIL, url: `${canary.url}/evil.tgz` },
      ].map((body): [string, string, string, string] => ['POST', '/nodes', 'application/json', JSON.stringify(body)]),
      ['POST', '/nodes', 'multipart/form-data; boundary=x', tarball],
      ['PUT', `/nodes/${EVIL}`, 'application/json', '{"enabled":true}'],
      ['PUT', `/nodes/node-red/exec`, 'application/json', '{"enabled":true}'],
      ['PUT', `/nodes/node-red/90-exec`, 'application/json', '{"enabled":true}'],
    ];
    for (const [method, path, type, body] of tries) {
      const reply = await appliance.fetch(`/editor${path}`, {
        method,
        headers: { authorization: editor.authorization, 'content-type': type },
        body,
      });
      await reply.text();
      expect([body, isRefused('malicious flow files', reply.status >= 400)]).toEqual([body, true]);
    }
    expect(canary.connections).toBe(0);
    expect(readdirSync(marks)).toEqual([]);
    expect(existsSync(join(folder, 'data', 'node-red', 'node_modules', '.package-lock.json'))).toBe(false);
  });

  it('while the flow beside it runs', async () => {
    expect(await (await appliance.fetch('/api/good')).text()).toBe('good');
  });
});

describe('a flow file that cannot be meant well', () => {
  const start = async (
    flow: unknown,
    env: Record<string, string> = {},
  ): Promise<{ output: string; code: number | null }> => {
    await using appliance = Appliance.launch({
      flows: { 'good.json': tab([node('comment')]), 'evil.json': flow },
      env: { REDSTART_SIMULATOR: 'true', ...env },
    });
    await appliance.until(() => appliance.exitCode !== null || appliance.url !== '', 'an end').catch(() => undefined);
    return { output: appliance.output, code: appliance.exitCode };
  };

  it.each([
    ['a type that is a word of JavaScript', tab([node('__proto__')], 'e', 'E'), 'FLOW_FILE_NOT_FLOWS'],
    ['another', tab([node('constructor')], 'e', 'E'), 'FLOW_FILE_NOT_FLOWS'],
    ['a node in the place of another', tab([], 'tab1', 'E'), 'FLOW_DUPLICATE_ID'],
    [
      'a credential in clear',
      tab([node('http request', { credentials: { user: 'x', password: 'in-clear-of-a-flow-file' } })], 'e', 'E'),
      'FLOW_FILE_HAS_CREDENTIALS',
    ],
    ['credentials of another Node-RED', { $: 'abc' }, 'FLOW_FILE_IS_CREDENTIALS'],
    ['a package file', { name: EVIL, dependencies: {} }, 'FLOW_FILE_NOT_FLOWS'],
    [
      'a text from outside',
      { redstart: 1, nodes: [{ id: 'f', type: 'function', 'func:file': '../../etc/passwd' }] },
      'FLOW_FILE_NOT_FLOWS',
    ],
  ])('stops the start: %s', async (_what, flow, code) => {
    const { output, code: exit } = await start(flow);
    expect([exit, output.includes(code)]).toEqual([65, true]);
    expect(output).not.toMatch(/in-clear-of-a-flow-file|root:/);
    attempted('malicious flow files', 'refused');
  });

  it.each(['../../flows/evil', `${EVIL}/evil`, '/etc/passwd', `@evil/${EVIL}`])(
    'brings no node of the type %s',
    async (type) => {
      const { output } = await start(tab([node(type)], 'e', 'E'));
      expect(output).toContain('flows_missing_types');
      attempted('malicious flow files', 'refused');
    },
  );

  it('has no token sent elsewhere, in the place of the connection of the environment', async () => {
    const simulator = await platform();
    await using canary = await Canary.listen();
    const folder = temporaryFolder();
    const usurper = {
      id: 'seqera-default',
      type: 'seqera-config',
      name: 'mine',
      baseUrl: canary.url,
      workspaceId: '1',
    };
    const call = node('seqera-api', { seqera: 'seqera-default', path: '/user-info', pathType: 'str', method: 'GET' });
    const reply = node('http response', { statusCode: '200' });
    const flow = [
      ...tab(
        [wire(node('http in', { url: '/usurped', method: 'post' }), [call]), wire(call, [reply]), reply],
        'u',
        'U',
      ),
      usurper,
    ];
    await using appliance = Appliance.launch({
      folder,
      flows: { 'u.json': flow },
      env: connectionTo(simulator, folder),
    });
    await appliance.until(() => appliance.exitCode !== null || appliance.url !== '', 'an end').catch(() => undefined);
    // It starts with the connection of the environment, or not at all.
    if (appliance.exitCode === null) await appliance.fetch('/api/usurped', post());
    expect(isRefused('malicious flow files', canary.heard.length === 0)).toBe(true);
    expect(canary.leaked([TOKEN])).toEqual([]);
    await simulator.close();
  });
});
