import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Program, type ProgramOptions } from './testing/program.ts';

const PASSWORD = 'Correct-horse-7-battery';
const TOKEN = 'planted-token-5f0c2b7e91';
const TAB = { id: 't1', type: 'tab', label: 'Main tab', disabled: false, info: '' };
const NODE = { id: 'n1', type: 'debug', z: 't1', name: 'one', wires: [] };

let programs: Program[] = [];
afterEach(async () => {
  await Promise.all(programs.map((program) => program.remove()));
  programs = [];
});

interface Editor {
  program: Program;
  url: string;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string }>;
  signIn(password?: string): Promise<number>;
  bearer: string;
}

async function open(options: ProgramOptions = {}, dir?: string): Promise<Editor> {
  const env = {
    REDSTART_ADMIN_PASSWORD: PASSWORD,
    TOWER_ACCESS_TOKEN: TOKEN,
    TOWER_API_ENDPOINT: 'http://127.0.0.1:9',
    REDSTART_CREDENTIAL_SECRET: 'a-credential-secret-1',
    LOG_LEVEL: 'trace',
  };
  const program = await Program.start({ ...options, env: { ...env, ...options.env } }, dir);
  programs.push(program);
  const editor: Editor = {
    program,
    url: `${await program.url()}/editor`,
    bearer: '',
    async call(method, path, body, headers = {}) {
      const answer = await fetch(`${editor.url}${path}`, {
        method,
        headers: {
          'Content-Type': 'application/json',
          ...(editor.bearer && { Authorization: `Bearer ${editor.bearer}` }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, text: await answer.text() };
    },
    async signIn(password = PASSWORD) {
      const { status, text } = await editor.call('POST', '/auth/token', {
        client_id: 'node-red-editor',
        grant_type: 'password',
        scope: '*',
        username: 'admin',
        password,
      });
      if (status === 200) editor.bearer = (JSON.parse(text) as { access_token: string }).access_token;
      return status;
    },
  };
  return editor;
}

const flowsOf = async (editor: Editor): Promise<{ id: string; type: string }[]> =>
  JSON.parse((await editor.call('GET', '/flows')).text);

describe('the editor', { timeout: 40_000 }, () => {
  it('deploys to the file that a tab came from, and never over a change on disk', async () => {
    const editor = await open({ flows: { 'team.json': [TAB, NODE] } });
    const { program } = editor;
    const file = join(program.dir, 'flows', 'team.json');
    expect(await editor.signIn()).toBe(200);
    const loaded = await flowsOf(editor);
    expect(loaded.map(({ id }) => id)).toEqual(['t1', 'n1', 'seqera-default']);
    expect(loaded[2]).toEqual({
      id: 'seqera-default',
      type: 'seqera-config',
      name: 'default',
      baseUrl: 'http://127.0.0.1:9',
      workspaceId: '',
    });

    const secret = {
      id: 'b1',
      type: 'mqtt-broker',
      name: 'broker',
      broker: 'localhost',
      autoConnect: false,
      credentials: { user: 'u', password: 'mqtt-password' },
    };
    const deploy = [
      ...loaded.map((node) => (node.id === 'n1' ? { ...node, name: 'two' } : node)),
      { id: 't2', type: 'tab', label: 'Second' },
      { id: 'm1', type: 'mqtt out', z: 't2', broker: 'b1', wires: [] },
      secret,
    ];
    expect((await editor.call('POST', '/flows', deploy)).status).toBe(204);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual([TAB, { ...NODE, name: 'two' }]);
    expect((await readdir(join(program.dir, 'flows'))).sort()).toEqual(['globals.json', 'second.json', 'team.json']);
    const text = async (name: string): Promise<string> => await readFile(join(program.dir, 'flows', name), 'utf8');
    expect(await text('second.json')).toContain('"id": "m1"');
    expect(await text('globals.json')).toContain('"id": "b1"');
    expect(await text('globals.json')).not.toContain('mqtt-password');
    const credentials = await readFile(join(program.dir, 'data', 'credentials.json'), 'utf8');
    expect(JSON.parse(credentials)).toMatchObject({ sealed: 1, purpose: 'credentials' });
    expect(credentials).not.toContain('mqtt-password');

    await writeFile(file, JSON.stringify([{ ...TAB, label: 'pulled' }, NODE]));
    const refused = await editor.call(
      'POST',
      '/flows',
      deploy.filter(({ id }) => id !== 'b1' && id !== 'm1'),
    );
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('team.json changed on disk');
    expect(await readFile(join(program.dir, 'data', 'credentials.json'), 'utf8')).toBe(credentials);
    expect((await editor.call('POST', '/flows', [], { 'Node-RED-Deployment-Type': 'reload' })).status).toBe(204);
    expect(await flowsOf(editor)).toContainEqual({ ...TAB, label: 'pulled' });

    await writeFile(file, '[');
    const broken = await editor.call('POST', '/flows', [], { 'Node-RED-Deployment-Type': 'reload' });
    expect(broken.status).toBe(400);
    expect(broken.text).toContain('team.json, line 1, column 2');
    const readiness = await (await fetch(editor.url.replace('/editor', '/readyz'))).json();
    expect(readiness).toMatchObject({ ready: false, reasons: [{ code: 'flow_files_invalid' }] });
    expect(JSON.stringify(readiness)).not.toContain('team.json');
    const logged = program.lines.filter(({ code }) => code === 'flow_files_invalid').map(({ msg }) => msg);
    expect(logged).toEqual([expect.stringContaining('team.json, line 1, column 2')]);
    await writeFile(file, JSON.stringify([TAB, NODE]));
    expect((await editor.call('POST', '/flows', [], { 'Node-RED-Deployment-Type': 'reload' })).status).toBe(204);
    // Node-RED answers a deploy before the flows run again.
    await expect.poll(async () => (await fetch(editor.url.replace('/editor', '/readyz'))).status).toBe(200);

    expect(await program.stop()).toBe(0);
    expect(program.stdout + program.stderr + (await text('second.json')) + credentials).not.toMatch(
      new RegExp(`${TOKEN}|mqtt-password|${PASSWORD}`),
    );
    expect(program.lines.filter(({ audit }) => audit === 'flows.set')[0]).toMatchObject({
      level: 'info',
      user: 'admin',
    });
  });

  it('keeps a session over a restart, ends it with the password, and starts with no wrong secret', async () => {
    const first = await open({ flows: { 'a.json': [TAB, { id: 'b1', type: 'mqtt-broker', autoConnect: false }] } });
    expect(await first.signIn('wrong')).toBe(403);
    expect(await first.signIn()).toBe(200);
    const nodes = (await flowsOf(first)).map((node) =>
      node.id === 'b1' ? { ...node, credentials: { user: 'u', password: 'p' } } : node,
    );
    expect((await first.call('POST', '/flows', nodes)).status).toBe(204);
    const { dir } = first.program;
    expect(await first.program.stop()).toBe(0);
    expect(await readFile(join(dir, 'data', 'sessions.json'), 'utf8')).not.toContain(first.bearer);

    const second = await open({}, dir);
    second.bearer = first.bearer;
    expect((await second.call('GET', '/flows')).status).toBe(200);
    expect(await second.program.stop()).toBe(0);

    const third = await open({ env: { REDSTART_ADMIN_PASSWORD: 'Another-horse-8-battery' } }, dir);
    third.bearer = first.bearer;
    expect((await third.call('GET', '/flows')).status).toBe(401);
    expect(await third.program.stop()).toBe(0);

    const wrong = await Program.start({ env: { REDSTART_CREDENTIAL_SECRET: 'another-secret-2' } }, dir);
    programs.push(wrong);
    expect(await wrong.exited).toBe(78);
    expect(wrong.stderr).toContain('CREDENTIAL_SECRET_WRONG');
  });

  it('is hardened: no installs, no telemetry, no nodes that are off, our nodes once', async () => {
    const editor = await open({ flows: { 'a.json': [TAB] } });
    await editor.signIn();
    const sets = JSON.parse((await editor.call('GET', '/nodes', undefined, { Accept: 'application/json' })).text) as {
      id: string;
      module: string;
      types: string[];
      err?: string;
    }[];
    const types = sets.flatMap((set) => set.types);
    for (const type of ['exec', 'watch', 'tcp in', 'udp out']) expect(types).not.toContain(type);
    // Those that keep to one folder, by the name of those that do not.
    expect(sets.find(({ types }) => types.includes('file'))).toMatchObject({
      id: 'node-red/file',
      types: ['file', 'file in'],
    });
    const dialog = await editor.call('GET', '/nodes/node-red/file', undefined, { Accept: 'text/html' });
    expect(dialog.text).toContain('in the folder <code>files</code> of the data folder');
    const own = sets.filter(({ module }) => module !== 'node-red');
    expect([...new Set(own.map(({ module }) => module))]).toEqual(['@redstart/node-red-seqera']);
    expect(own.filter(({ err }) => err)).toEqual([]);
    expect(new Set(types).size).toBe(types.length);
    expect((await editor.call('POST', '/nodes', { module: 'node-red-node-random' })).status).toBeGreaterThanOrEqual(
      400,
    );
    // The other preferences are kept, this one is not changed.
    expect((await editor.call('POST', '/settings/user', { telemetryEnabled: true, editor: { a: 1 } })).status).toBe(
      204,
    );
    expect(JSON.parse((await editor.call('GET', '/settings/user')).text)).toEqual({ editor: { a: 1 } });
    expect(JSON.parse((await editor.call('GET', '/settings')).text)).toMatchObject({ telemetryEnabled: false });
    // For administrators; test/roles.test.ts has the others.
    expect((await editor.call('GET', '/diagnostics')).text).not.toMatch(/planted|credential-secret|Correct-horse/);
    const settings = (await editor.call('GET', '/settings')).text;
    expect(settings).not.toMatch(/planted|credential-secret/);
    expect(JSON.parse(settings)).toMatchObject({
      telemetryEnabled: false,
      editorTheme: { tours: false, palette: { catalogues: [] } },
    });
    expect(JSON.parse(settings).context).toEqual({ default: 'durable', stores: ['durable', 'memory'] });
    for (const name of ['seqera-config', 'seqera-workflow-launch', 'seqera-workflow-monitor']) {
      const catalogue = await editor.call('GET', `/locales/@redstart/node-red-seqera/${name}?lng=en-US`);
      expect([name, catalogue.status]).toEqual([name, 200]);
    }
    expect((await fetch(`${editor.url}/flows`)).status).toBe(401);
  });

  it('refuses changes when read-only', async () => {
    const editor = await open({ flows: { 'a.json': [TAB] }, env: { REDSTART_FLOWS_MODE: 'readonly' } });
    await editor.signIn();
    const { status, text } = await editor.call('POST', '/flows', []);
    expect(status).toBe(403);
    expect(text).toContain('REDSTART_FLOWS_MODE');
    expect(JSON.parse(await readFile(join(editor.program.dir, 'flows', 'a.json'), 'utf8'))).toEqual([TAB]);
  });

  it('headless without a sign-in', async () => {
    const program = await Program.start({ flows: { 'a.json': [TAB] } });
    programs.push(program);
    const url = await program.url();
    for (const path of ['/editor/', '/editor/flows', '/flows']) expect((await fetch(url + path)).status).toBe(404);
  });
});
