import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, it } from 'vitest';
import { hashToken, makeToken } from '../server/auth/token-hash.ts';
import type { RunDetail, StatusReport } from '../server/operations/status-schema.ts';
import { Appliance } from './support/appliance.ts';
import { EditorSession, withEditor } from './support/editor.ts';
import { node, tab, trigger, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { connectionTo, platform, post, TOKEN } from './support/platform.ts';

const ajv = new Ajv({ strict: false });
addFormats.default(ajv);
const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../docs/status.schema.json'), 'utf8')) as object;
const validate = ajv.compile(schema);
const validateRun = ajv.compile((schema as { definitions: { run: object } }).definitions.run);

/** On a machine that does other things as well. */
const IN_TIME = { timeout: 30_000 };

it('tells whoever is signed in, and programs with a token, what goes on, over a restart too', async () => {
  const reason = 'Process ALIGN ran out of memory';
  const simulator = await platform({
    speed: 4,
    scenario: { runs: [{ match: { runName: '^bad' }, end: 'FAILED', errorMessage: reason }] },
  });
  const folder = temporaryFolder();
  const program = makeToken();
  const tokensFile = join(folder, 'tokens.yaml');
  const entry = `- {name: robot, sha256: ${hashToken(program)}, role: viewer, expires: never}\n`;
  writeFileSync(tokensFile, entry, { mode: 0o600 });

  const start = trigger('/launch', []);
  const launch = node('seqera-workflow-launch', {
    name: 'Launch it',
    seqera: '',
    launchpadName: 'payload.pipeline',
    launchpadNameType: 'msg',
    runName: 'payload.name',
    runNameType: 'msg',
  });
  const monitor = node('seqera-workflow-monitor', { name: 'Follow it', seqera: '', poll: 1, pollUnits: 'seconds' });
  const faulty = node('function', { name: 'Faulty', func: `node.error('no header, says ${TOKEN}', msg);` });
  const prepare = node('function', { name: 'Prepare', func: 'await null; return msg;' });
  // Says so after a while, and then tells of the run that it is about.
  const after = node('function', {
    name: 'Clean up',
    func: `setTimeout(() => node.warn('cleaned up'), 10); return msg;`,
  });
  const last = node('change', {
    name: 'Mark it',
    rules: [{ t: 'set', p: 'done', pt: 'msg', to: 'true', tot: 'bool' }],
  });
  wire(start[0]!, [prepare, start[1]!]);
  wire(prepare, [launch]);
  wire(launch, [monitor]);
  wire(monitor, [], [], [faulty, after]);
  wire(after, [last]);
  const setup = {
    folder,
    flows: { 'nightly.json': tab([...start, prepare, launch, monitor, faulty, after, last], 'tab1', 'Nightly') },
    env: { ...connectionTo(simulator, folder), ...withEditor, REDSTART_TOKENS_FILE: tokensFile },
  };
  const look = async <T>(appliance: Appliance, path: string): Promise<T> => {
    const answer = await appliance.fetch(path, { headers: { authorization: `Bearer ${program}` } });
    expect(answer.status).toBe(200);
    return (await answer.json()) as T;
  };
  const report = (appliance: Appliance): Promise<StatusReport> => look(appliance, '/status.json');

  const way = [
    ['http in', undefined],
    ['Prepare', undefined],
    ['http response', undefined],
    ['Launch it', 'launched'],
    ['Follow it', 'followed'],
    ['Faulty', undefined],
    ['Clean up', undefined],
    ['Mark it', undefined],
  ];
  let before: StatusReport;
  {
    await using appliance = await Appliance.start(setup);
    for (const path of ['/status.json', '/status/events', '/status/runs?key=run'])
      expect((await appliance.fetch(path)).status).toBe(401);
    expect((await appliance.fetch('/status.json?access_token=x')).status).toBe(400);
    expect((await appliance.fetch('/status')).headers.get('content-security-policy')).not.toContain('unsafe');

    const stream = await appliance.fetch('/status/events', { headers: { authorization: `Bearer ${program}` } });
    const streamed = stream.text();
    await appliance.fetch('/api/launch', post({ name: 'bad-1', pipeline: 'hello' }));
    await appliance.fetch('/api/launch', post({ name: 'good-1', pipeline: 'rnaseq' }));
    await appliance.fetch('/api/launch', post({ name: 'none', pipeline: 'no-such-pipeline' }));
    await expect.poll(async () => (await report(appliance)).following, IN_TIME).toBe(2);
    const [running] = (await report(appliance)).runs;
    expect(running).toMatchObject({ kind: 'run', flowLabel: 'Nightly', nodeLabel: 'Follow it', workspaceId: '70001' });
    expect(running?.page).toContain(`/watch/${running?.id}`);
    await expect.poll(async () => (await report(appliance)).ended.length, IN_TIME).toBe(2);

    before = await report(appliance);
    expect([validate(before), validate.errors]).toEqual([true, null]);
    expect(before).toMatchObject({ ready: true, following: 0, git: null, replicas: null, store: { kind: 'sqlite' } });
    expect(before.failures[0]).toMatchObject({ kind: 'run', title: 'bad-1', reason });
    expect(before.connections).toMatchObject([
      { id: 'seqera-default', managed: true, token: { state: 'good', user: 'ada', role: 'owner' } },
    ]);
    expect(before.flows).toMatchObject([
      { label: 'Nightly', state: 'running', lastError: { nodeLabel: 'Faulty' }, deployed: { by: 'flow files' } },
    ]);
    expect(before.outcomes.at(-1)).toMatchObject({ succeeded: 1, failed: 1 });
    expect(before.launches.at(-1)).toMatchObject({ done: 2 });
    // No secret, wherever it comes from.
    expect(JSON.stringify(before)).not.toContain(TOKEN);

    const failed = before.ended.find(({ outcome }) => outcome === 'failed');
    const opened = `/status/runs?key=${encodeURIComponent(failed?.key ?? '')}`;
    // The message goes on after the end.
    await expect.poll(async () => (await look<RunDetail>(appliance, opened)).path.length, IN_TIME).toBe(way.length);
    const detail: RunDetail = await look(appliance, opened);
    expect([validateRun(detail), validateRun.errors]).toEqual([true, null]);
    expect(detail.path.map(({ nodeLabel, did }) => [nodeLabel, did])).toEqual(way);
    // What a node behind the monitor logs names the run, also after a while.
    const said = () => appliance.output.split('\n').filter((line) => /cleaned up|no header/.test(line));
    await expect.poll(() => said().map((line) => JSON.parse(line).runId), IN_TIME).toEqual([failed?.id, failed?.id]);
    expect(detail.events.map(({ what }) => what)).toEqual(expect.arrayContaining(['was launched', 'failed', reason]));

    // The stream ends with the right to look, and says until then what changed.
    const session = await EditorSession.signIn(appliance);
    const asUser = { headers: { authorization: session.authorization } };
    expect((await appliance.fetch('/status.json', asUser)).status).toBe(200);
    const signedOut = (await appliance.fetch('/status/events', asUser)).text();
    await session.call('POST', '/auth/revoke', {});
    expect(await signedOut).toMatch(/^event: report/);
    writeFileSync(tokensFile, '[]\n');
    const since = Date.now();
    expect(await streamed).toMatch(/event: patch/);
    expect(Date.now() - since).toBeLessThan(5000);
    expect((await appliance.fetch('/status/events', asUser)).status).toBe(401);
    expect(await appliance.stop()).toBe(0);
    expect(appliance.output).not.toContain(TOKEN);
  }

  writeFileSync(tokensFile, entry);
  await using again = await Appliance.start(setup);
  const now = await report(again);
  expect(now.ended).toEqual(before.ended);
  const failed = now.ended.find(({ outcome }) => outcome === 'failed');
  const kept: RunDetail = await look(again, `/status/runs?key=${encodeURIComponent(failed?.key ?? '')}`);
  expect(kept.path.map(({ nodeLabel, did }) => [nodeLabel, did])).toEqual(way);
  expect(now.outcomes.reduce((sum, { succeeded, failed }) => sum + succeeded + failed, 0)).toBe(2);
  // An open page does not hold up the stop.
  const open = again.fetch('/status/events', { headers: { authorization: `Bearer ${program}` } });
  const text = (await open).text();
  const since = Date.now();
  expect(await again.stop()).toBe(0);
  expect(await text).toMatch(/^event: report/);
  expect(Date.now() - since).toBeLessThan(5000);
  await simulator.close();
});
