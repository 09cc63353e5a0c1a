import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { EditorSession, withEditor } from './support/editor.ts';
import { node, tab, trigger, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { asCaller, connectionTo, platform, post } from './support/platform.ts';

const FIRST = 'the-first-password-of-a-file';
const SECOND = 'the-second-password-of-a-file';
const TYPED = 'a-password-typed-into-the-editor';

/** Answers with the password that it was called with, which is how a secret gets into a message. */
async function echo() {
  const server = createServer((request, response) => {
    const encoded = request.headers.authorization?.replace('Basic ', '') ?? '';
    response.end(Buffer.from(encoded, 'base64').toString());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

it('records who did what, keeps secrets out of sight, and tells when the trail was changed', async () => {
  const simulator = await platform();
  const service = await echo();
  const folder = temporaryFolder();
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets);
  writeFileSync(join(secrets, 'api-user'), 'ada\n');
  writeFileSync(join(secrets, 'api-password'), `${FIRST}\n`);

  const ask = (path: string, properties: Record<string, unknown>) => {
    const call = node('http request', { method: 'GET', url: service.url, authType: 'basic', ...properties });
    const debug = node('debug', { active: true, tosidebar: true, complete: 'payload' });
    const answer = node('http response');
    const input = wire(node('http in', { url: path, method: 'post' }), [call]);
    wire(call, [answer, debug]);
    return [input, call, debug, answer];
  };
  const ofFile = ask('/of-file', { credentials: { user: 'secret:api-user', password: 'secret:api-password' } });
  const typed = ask('/typed', {});
  const missing = node('http request', { name: 'wants', credentials: { password: 'secret:nothing-there' } });
  const launch = node('seqera-workflow-launch', { launchpadName: 'hello', launchpadNameType: 'str' });
  const start = trigger('/launch', [launch]);
  const setup = {
    folder,
    flows: { 'main.json': tab([...ofFile, ...typed, missing, ...start, launch]) },
    env: { ...connectionTo(simulator, folder), ...withEditor, REDSTART_SECRETS_DIR: secrets },
  };
  const trail = (): Record<string, unknown>[] =>
    readFileSync(join(folder, 'data', 'audit', 'audit.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const command = async (...args: string[]): Promise<Appliance> => {
    const run = Appliance.launch({ folder, args, env: setup.env });
    await run.exited;
    return run;
  };
  const called = async (appliance: Appliance, path: string) =>
    (await (await appliance.fetch(`/api${path}`, { method: 'POST', headers: asCaller })).text()).split(':')[1];

  {
    await using appliance = await Appliance.start(setup);
    // No node without its secret, and everything that is needed to mend it.
    expect(appliance.output).toMatch(
      /SECRET_MISSING: node \\"wants\\" \(http request, id \w+\) in flow \\"Test\\", field \\"password\\": the secret \\"nothing-there\\" cannot be read/,
    );
    await expect(EditorSession.signIn(appliance, 'admin', 'a wrong password')).rejects.toThrow('403');
    const editor = await EditorSession.signIn(appliance);
    const comms = await editor.comms();
    expect(await called(appliance, '/of-file')).toBe(FIRST);
    writeFileSync(join(secrets, 'api-password'), `${SECOND}\n`);
    await expect.poll(() => called(appliance, '/of-file'), { timeout: 30_000 }).toBe(SECOND);

    const flows = await editor.flows();
    expect(flows.some((each) => 'credentials' in each)).toBe(false);
    const [, ofFileCall] = ofFile;
    const credentials = await editor.call('GET', `/credentials/http-request/${ofFileCall?.id}`);
    expect(JSON.parse(credentials.text)).toMatchObject({ user: 'secret:api-user', has_password: true });
    const changed = flows.map((each) =>
      each.id === typed[1]?.id ? { ...each, credentials: { user: 'ada', password: TYPED } } : each,
    );
    const starts = () => appliance.lines.filter(({ msg }) => msg === 'flows started').length;
    const before = starts();
    expect((await editor.call('POST', '/flows', changed)).status).toBe(204);
    await appliance.until(() => starts() > before, 'the flows of the deploy');
    expect(await called(appliance, '/typed')).toBe(TYPED);
    await appliance.fetch('/api/launch', post());
    await expect.poll(() => trail().some(({ event }) => event === 'launch'), { timeout: 30_000 }).toBe(true);
    await expect.poll(() => comms.frames.join().split('[redacted]').length, { timeout: 30_000 }).toBeGreaterThan(3);
    comms.close();
    expect(await appliance.stop()).toBe(0);

    const written = readFileSync(join(folder, 'flows', 'main.json'), 'utf8');
    expect(written).toContain('secret:api-password');
    // Nowhere: not on disk, not in a log, not in the editor.
    const places: Record<string, string> = {
      log: appliance.output,
      debug: comms.frames.join(),
      editor: editor.received,
      flows: written,
    };
    for (const entry of readdirSync(join(folder, 'data'), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) places[entry.name] = readFileSync(join(entry.parentPath, entry.name), 'latin1');
    const found = Object.keys(places).filter((place) =>
      [FIRST, SECOND, TYPED].some((secret) => places[place]?.includes(secret)),
    );
    expect(found).toEqual([]);
  }

  const events = trail();
  expect(events.map(({ event }) => event)).toEqual([
    'config',
    'start',
    'refused',
    'sign-in',
    'deploy',
    'launch',
    'stop',
  ]);
  expect(events[0]).toMatchObject({ settings: { REDSTART_ADMIN_PASSWORD: 'set', REDSTART_SECRETS_DIR: secrets } });
  expect(events[2]).toMatchObject({ user: 'admin', address: '127.0.0.1' });
  expect(events[4]).toMatchObject({ user: 'admin', address: '127.0.0.1' });
  const { runId, deployed, nodeType } = events[5] as { runId: string; deployed: unknown; nodeType: string };
  expect(simulator.runs.some(({ id }) => id === runId)).toBe(true);
  expect([deployed, nodeType]).toMatchObject([{ by: 'flow files' }, 'seqera-workflow-launch']);

  const rotated = await command('rotate-secret');
  expect(rotated.exitCode, rotated.output).toBe(0);
  {
    await using appliance = await Appliance.start(setup);
    expect(await called(appliance, '/typed')).toBe(TYPED);
    expect(await appliance.stop()).toBe(0);
  }
  const whole = await command('audit', 'verify');
  expect(whole.exitCode, whole.output).toBe(0);
  expect(whole.output).toMatch(/^11 line\(s\), number 1 /m);
  const file = join(folder, 'data', 'audit', 'audit.jsonl');
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('"event":"deploy","user":"admin"', '"event":"deploy","user":"other"'),
  );
  const tampered = await command('audit', 'verify', file);
  expect(tampered.exitCode).toBe(1);
  expect(tampered.output).toContain(`${file}:5: it is not what it was`);
  service.close();
  await simulator.close();
});
