import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { isRefused } from '../support/attempts.ts';
import { Canary } from '../support/canary.ts';
import { Collector } from '../support/collector.ts';
import { EditorSession, withEditor } from '../support/editor.ts';
import { errors, type FlowNode, node, tab, trigger, wire } from '../support/flows.ts';
import { suiteFolder } from '../support/folder.ts';
import { connectionTo, platform, post, type Simulator, TOKEN } from '../support/platform.ts';

// Making the server call elsewhere, with a token that it keeps: by whoever may draw flows, or sends what a flow reads.
// How a deployed connection is kept to its host over a restart is in ../token-host.test.ts.
const LOOKUPS = [
  'connections',
  'identity',
  'workspaces',
  'launchpads',
  'labels',
  'compute-envs',
  'runs',
  'studios',
  'actions',
  'data-links',
  'folders',
  'datasets',
];
const SECOND = 'planted-second-0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d';
const PASSWORD = 'planted-credential-secret-value';
const SECRETS = [TOKEN, SECOND, PASSWORD, withEditor.REDSTART_ADMIN_PASSWORD];

describe('a stored token', () => {
  const folder = suiteFolder();
  let simulator: Simulator;
  let canary: Canary;
  let collector: Collector;
  let appliance: Appliance;
  let editor: EditorSession;

  beforeAll(async () => {
    simulator = await platform();
    canary = await Canary.listen();
    collector = await Collector.listen();
    const secretFile = join(folder, 'second');
    writeFileSync(secretFile, SECOND);
    const start = trigger('/override', []);
    const override = node('function', { func: 'Object.assign(msg, msg.payload); return msg;', outputs: 1 });
    const nodes = [
      node('seqera-workflow-launch', { seqera: '', launchpadName: 'hello', baseUrl: 'baseUrl', baseUrlType: 'msg' }),
      node('seqera-api', { seqera: '', path: 'path', pathType: 'msg', method: 'GET' }),
    ];
    wire(start[0] as FlowNode, [override, start[1] as FlowNode]);
    wire(override, nodes);
    appliance = await Appliance.start({
      folder,
      flows: { 'main.json': tab([...start, override, ...nodes, ...errors(collector.url)]) },
      env: {
        ...connectionTo(simulator, folder),
        ...withEditor,
        REDSTART_CREDENTIAL_SECRET: PASSWORD,
        REDSTART_CONNECTION_SECOND_TOKEN_FILE: secretFile,
        REDSTART_CONNECTION_SECOND_ENDPOINT: simulator.url,
      },
    });
    editor = await EditorSession.signIn(appliance);
  });
  afterAll(async () => {
    await appliance?.[Symbol.asyncDispose]();
    await collector?.[Symbol.asyncDispose]();
    await canary?.[Symbol.asyncDispose]();
    await simulator?.close();
  });

  it('goes to no other address by any question of a dialog', async () => {
    const { host } = new URL(simulator.url);
    const own = `127.0.0.1:${canary.port}`;
    const addresses = [
      canary.url,
      `${canary.url}/`,
      `http://${host}@${own}`,
      `http://${host}%2f@${own}`,
      `http://${own}#${host}`,
      `http://${own}?${host}`,
      `http://${own}\\@${host}`,
      `http://${host}\\@${own}`,
      `//${own}`,
      `HTTP://${own}`,
      `http://localhost:${canary.port}`,
      `http://[::1]:${canary.port}`,
      `http://2130706433:${canary.port}`,
      ` ${canary.url}`,
      `${simulator.url}/../../../@${own}`,
      `${simulator.url}.${own}`,
      `${simulator.url}\r\nHost: ${own}`,
      'http://169.254.169.254/latest/meta-data',
      'file:///etc/passwd',
      'javascript:0',
    ];
    const wrong: string[] = [];
    for (const lookup of LOOKUPS) {
      if (lookup === 'connections') continue;
      for (const id of ['seqera-default', 'seqera-second', undefined])
        for (const baseUrl of addresses) {
          const body = {
            connection: { ...(id && { id }), baseUrl },
            ...(lookup === 'folders' && { dataLink: 'x', path: '' }),
          };
          const answer = await editor.call('POST', `/seqera/${lookup}`, body);
          const refused = answer.status === 400 && !answer.text.includes('sang');
          if (!isRefused('token theft', refused)) wrong.push(`${lookup} ${baseUrl} answers ${answer.status}`);
        }
    }
    expect(wrong).toEqual([]);
    expect(canary.heard).toEqual([]);
  }, 60_000);

  it('is no token that somebody can type by its name', async () => {
    for (const token of [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what Node-RED itself replaces
      '${TOWER_ACCESS_TOKEN}',
      '$(TOWER_ACCESS_TOKEN)',
      'secret:second',
      'secret:../token',
      'seqera-default',
      '__proto__',
    ])
      for (const [lookup, connection] of [
        ['identity', { baseUrl: canary.url, token }],
        ['workspaces', { baseUrl: canary.url, token, id: 'seqera-default' }],
      ] as const) {
        await editor.call('POST', `/seqera/${lookup}`, { connection });
        isRefused('token theft', canary.leaked(SECRETS).length === 0);
      }
    expect(canary.leaked(SECRETS)).toEqual([]);
  });

  it('does not follow a redirect of its Platform', async () => {
    const before = canary.heard.length;
    for (const status of [301, 302, 303, 307, 308]) {
      simulator.setScenario({
        faults: [{ match: { path: '.' }, kind: 'status', status, headers: { location: `${canary.url}/taken` } }],
      } as Parameters<typeof simulator.setScenario>[0]);
      for (const lookup of ['identity', 'workspaces', 'launchpads']) {
        const answer = await editor.call('POST', `/seqera/${lookup}`, { connection: { id: 'seqera-default' } });
        isRefused('token theft', answer.status >= 400 && canary.heard.length === before);
      }
    }
    simulator.setScenario({});
    expect(canary.heard.length).toBe(before);
  });

  it('goes to no address of a message', async () => {
    const before = canary.heard.length;
    const tries = [
      { baseUrl: canary.url, path: canary.url },
      { baseUrl: `${simulator.url}@127.0.0.1:${canary.port}`, path: `@127.0.0.1:${canary.port}/` },
      { baseUrl: canary.url, path: `//127.0.0.1:${canary.port}/user-info` },
      { baseUrl: canary.url, path: `\\\\127.0.0.1:${canary.port}/user-info` },
      { baseUrl: canary.url, path: `/\\127.0.0.1:${canary.port}/user-info` },
      { baseUrl: canary.url, path: `/user-info\r\nHost: 127.0.0.1:${canary.port}` },
    ];
    for (const [index, payload] of tries.entries()) {
      await appliance.fetch('/api/override', post(payload));
      // Both nodes say no, by an error; one that asked its own Platform for a path that is not there says so too.
      await collector.until(() => collector.on('/errors').length >= 2 * (index + 1));
      isRefused('token theft', canary.heard.length === before);
    }
    expect(canary.heard.length).toBe(before);
  });

  it('is read by no route of the admin API, and no node can be told to give it', async () => {
    const paths = [
      '/flows',
      '/credentials/seqera-config/seqera-default',
      '/credentials/seqera-config/seqera-second',
      '/credentials/__proto__/seqera-default',
      '/nodes',
      '/settings',
      '/settings/user',
      '/diagnostics',
      '/context/global',
      '/plugins',
      '/library/local/flows',
    ];
    for (const path of paths) await editor.call('GET', path);
    for (const secret of SECRETS) isRefused('token theft', !editor.received.includes(secret));
    expect(SECRETS.filter((secret) => editor.received.includes(secret))).toEqual([]);
  });
});
