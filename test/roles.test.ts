import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { describe, expect, it } from 'vitest';
import { hashToken, makeToken } from '../server/auth/token-hash.ts';
import type { StatusReport } from '../server/operations/status-schema.ts';
import { Appliance } from './support/appliance.ts';
import { EditorSession, withEditor } from './support/editor.ts';
import { temporaryFolder } from './support/folder.ts';

const FLOW = [
  { id: 't1', type: 'tab', label: 'Main' },
  {
    id: 'press',
    type: 'inject',
    z: 't1',
    props: [{ p: 'payload' }],
    payload: 'as drawn',
    payloadType: 'str',
    wires: [['show']],
  },
  { id: 'show', type: 'debug', z: 't1', active: true, tosidebar: true, complete: 'payload', wires: [] },
  {
    id: 'fail',
    type: 'inject',
    z: 't1',
    props: [{ p: 'payload' }],
    payload: '',
    payloadType: 'date',
    wires: [['oops']],
  },
  {
    id: 'oops',
    type: 'function',
    z: 't1',
    name: 'Oops',
    func: "node.debug('about to fail'); node.error('cannot read sample ' + msg.payload, msg);",
    wires: [],
  },
];
const PASSWORDS = { one: hashSync('correct horse one', 10), two: hashSync('correct horse two', 10) };
const IN_TIME_MS = 5000;

const user = (name: string, hash: keyof typeof PASSWORDS, role: string): string =>
  `- {username: ${name}, passwordHash: '${PASSWORDS[hash]}', role: ${role}}\n`;
const token = (name: string, secret: string, role: string, expires = 'never'): string =>
  `- {name: ${name}, sha256: ${hashToken(secret)}, role: ${role}, expires: ${expires}}\n`;

/** The sum of what happened within a time; a connection that goes on counts as `open`. */
const within = <T>(promise: Promise<T>, ms: number): Promise<T | 'open'> =>
  Promise.race([promise, new Promise<'open'>((resolve) => setTimeout(resolve, ms, 'open'))]);

describe('users, roles and tokens', () => {
  it('let in whom the files name, for as long as they do, and no further than the role goes', async () => {
    const folder = temporaryFolder();
    const usersFile = join(folder, 'users.yaml');
    const tokensFile = join(folder, 'tokens.yaml');
    const [bot, spare] = [makeToken(), makeToken()];
    const everybody =
      user('eva', 'one', 'editor') +
      user('otto', 'one', 'operator') +
      user('vera', 'one', 'viewer') +
      user('bob', 'one', 'viewer');
    const write = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o600 });
    write(usersFile, everybody);
    write(tokensFile, token('bot', bot, 'editor') + token('spare', spare, 'viewer'));
    const setup = {
      folder,
      flows: { 'main.json': FLOW },
      env: { ...withEditor, REDSTART_USERS_FILE: usersFile, REDSTART_TOKENS_FILE: tokensFile },
    };
    await using appliance = await Appliance.start(setup);
    const signIn = (name: string, password = 'correct horse one') => EditorSession.signIn(appliance, name, password);
    const [admin, eva, otto, vera, bob] = [
      await EditorSession.signIn(appliance),
      await signIn('eva'),
      await signIn('otto'),
      await signIn('vera'),
      await signIn('bob'),
    ];
    const program = EditorSession.withToken(appliance, bot);

    // What the editor is told of each, and goes by.
    const permissions = async (session: EditorSession) =>
      JSON.parse((await session.call('GET', '/settings')).text).user;
    expect(await permissions(vera)).toEqual({ username: 'vera', permissions: 'read' });
    expect(await permissions(otto)).toEqual({ username: 'otto', permissions: ['read', 'inject.write'] });
    expect(await permissions(program)).toEqual({ username: 'token:bot', permissions: ['read', 'write'] });

    // Deploys: editors and their programs. Not 401 for the others, at which the editor would show its sign-in form.
    const flows = await eva.flows();
    const deploy = async (session: EditorSession) => (await session.call('POST', '/flows', flows)).status;
    expect([await deploy(eva), await deploy(program), await deploy(admin)]).toEqual([204, 204, 204]);
    expect([await deploy(otto), await deploy(vera)]).toEqual([403, 403]);
    expect((await vera.call('POST', '/seqera/identity', {})).status).toBe(403);

    // Diagnostics: administrators alone, and nothing in it that is a secret.
    const diagnostics = await admin.call('GET', '/diagnostics');
    expect([diagnostics.status, (await eva.call('GET', '/diagnostics')).status]).toEqual([200, 403]);
    expect(diagnostics.text).not.toMatch(/\$2b\$|correct horse/);

    // An operator presses the button as it was drawn; an editor may say what it sends.
    const own = { __user_inject_props__: [{ p: 'payload', v: 'typed', vt: 'str' }] };
    const watching = await vera.comms();
    const shown = (text: string) => expect.poll(() => watching.frames.join('').includes(`"msg":"${text}"`)).toBe(true);
    await expect.poll(async () => (await otto.call('POST', '/inject/press', own)).status).toBe(200);
    await shown('as drawn');
    expect(watching.frames.join('')).not.toContain('typed');
    expect((await eva.call('POST', '/inject/press', own)).status).toBe(200);
    await shown('typed');
    expect((await vera.call('POST', '/inject/press', {})).status).toBe(403);

    // Log levels: administrators, or who has a shell where it runs; told whatever the level is, and kept by nobody.
    const levels = async (session: EditorSession, method: string, body?: object) =>
      (await session.call(method, '/log-levels', body)).status;
    for (const session of [eva, otto, vera, program])
      expect([await levels(session, 'GET'), await levels(session, 'PUT', { levels: 'trace' })]).toEqual([403, 403]);
    expect(await levels(EditorSession.withToken(appliance, 'guessed'), 'DELETE')).toBe(401);
    const lines = (text: string) => appliance.lines.filter(({ msg }) => msg.startsWith(text));
    const fail = async (times: number) => {
      for (let i = 0; i < times; i += 1) await eva.call('POST', '/inject/fail', {});
    };
    await fail(1);
    await appliance.until(() => lines('cannot read sample').length === 1, 'the error');
    expect(lines('about to fail')).toEqual([]);
    expect(await levels(admin, 'PUT', { levels: 'error,node-red=debug' })).toBe(200);
    await fail(4);
    await appliance.until(() => lines('about to fail').length === 4, 'lines of debug');
    expect(lines('admin set the log level to error,node-red=debug')).toMatchObject([
      { level: 'info', component: 'program', user: 'admin', before: 'info' },
    ]);
    const status = await appliance.fetch('/status.json', { headers: { authorization: vera.authorization } });
    const { log, flows: known } = (await status.json()) as StatusReport;
    expect(log).toMatchObject({ levels: 'error,node-red=debug', configured: 'info', changed: { by: 'admin' } });
    // Written once, counted each time.
    expect(known).toMatchObject([{ id: 't1', errors: 5 }]);
    expect(await appliance.command('log-level', 'reset')).toMatchObject({ code: 0, out: 'The log level is info.\n' });
    expect(lines('redstart log-level set the log level to info, as configured')).toHaveLength(1);

    // Operators stop the flows, which is told; a deploy meanwhile does not start them.
    const state = async (session: EditorSession, name: string) =>
      (await session.call('POST', '/flows/state', { state: name })).status;
    expect([await state(vera, 'stop'), await state(otto, 'sideways'), await state(otto, 'stop')]).toEqual([
      403, 400, 200,
    ]);
    const readiness = async () => (await (await appliance.fetch('/readyz')).json()) as object;
    await expect.poll(readiness).toMatchObject({ ready: false, reasons: [{ code: 'flows_stopped' }] });
    expect(await deploy(eva)).toBe(204);
    expect((await eva.call('GET', '/flows/state')).text).toContain('stop');
    expect(await readiness()).toMatchObject({ ready: false });
    expect(await state(otto, 'start')).toBe(200);
    await appliance.untilReady();
    expect(await state(otto, 'stop')).toBe(200);

    // Role changed, password changed, removed: each session ends, and the open connection with it. Others go on.
    const own1 = { bob: await bob.comms(), otto: await otto.comms(), program: await program.comms() };
    write(usersFile, user('eva', 'two', 'editor') + user('otto', 'one', 'viewer') + user('vera', 'one', 'viewer'));
    write(tokensFile, token('spare', spare, 'viewer'));
    const since = Date.now();
    const ends = await Promise.all(Object.values(own1).map(({ ended }) => within(ended, IN_TIME_MS)));
    expect(ends).toEqual([1008, 1008, 1008]);
    expect(Date.now() - since).toBeLessThan(IN_TIME_MS);
    for (const session of [bob, otto, eva, program]) expect((await session.call('GET', '/flows')).status).toBe(401);
    expect((await vera.call('GET', '/flows')).status).toBe(200);
    expect(await within(watching.ended, 0)).toBe('open');
    await expect(signIn('bob')).rejects.toThrow('403');
    await expect(signIn('eva')).rejects.toThrow('403');
    expect((await (await signIn('eva', 'correct horse two')).call('GET', '/flows')).status).toBe(200);

    // A new version with a mistake is not taken, and says where the mistake is.
    write(usersFile, '- {username: mallory, role: admin}\n');
    await appliance.until(
      () => appliance.lines.some(({ msg }) => msg.includes('line 1: has no passwordHash')),
      'the mistake in the log',
    );
    expect((await vera.call('GET', '/flows')).status).toBe(200);
    write(usersFile, everybody);

    // Over a restart: failures count on, sessions go on, and flows that were stopped run.
    for (let i = 0; i < 5; i += 1) await expect(signIn('vera', 'wrong')).rejects.toThrow('403');
    await expect(signIn('vera')).rejects.toThrow('429');
    expect(await appliance.command('log-level', 'http=warn,gti=debug')).toMatchObject({ code: 2 });
    expect(await appliance.stop()).toBe(0);
    // At the latest when it ends, errors that were counted are told.
    const [first, sum, ...more] = lines('cannot read sample');
    expect(more).toEqual([]);
    expect(first).toMatchObject({ level: 'error', component: 'node-red', node: 'oops', nodeName: 'Oops', flow: 't1' });
    expect(sum).toMatchObject({ node: 'oops', flowLabel: 'Main', repeated: { count: 4 } });
    const audited = readFileSync(join(folder, 'data', 'audit', 'audit.jsonl'), 'utf8');
    expect(audited).toMatch(/"event":"log-level","user":"admin",.*"levels":"error,node-red=debug"/);
    expect(audited).toMatch(/"event":"log-level","by":"redstart log-level"/);
    await using again = await Appliance.start(setup);
    // The wait of then is over by now; the next failure is not the first one.
    await expect
      .poll(() => EditorSession.signIn(again, 'vera', 'wrong').catch(String), { timeout: 5000 })
      .toContain('403');
    await expect(EditorSession.signIn(again, 'vera', 'correct horse one')).rejects.toThrow('429');
    const kept = EditorSession.withToken(again, vera.authorization.slice('Bearer '.length));
    expect((await kept.call('GET', '/flows')).status).toBe(200);
    expect((await again.fetch('/readyz')).status).toBe(200);
    expect(again.output + appliance.output).not.toMatch(/correct horse|\$2b\$|rs_[\w-]{20}/);
  });
});
