import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { receiver } from '../server/notifications/testing/receiver.ts';
import { Appliance } from './support/appliance.ts';
import { type FlowNode, node, tab, wire } from './support/flows.ts';

/** Long enough for a machine that does other things. */
const LIMIT_SECONDS = 4;
const PASSWORD = 'a-password-of-this-test';
const asCaller = { authorization: `Basic ${Buffer.from(`caller:${PASSWORD}`).toString('base64')}` };

/** `POST /api/<path>` runs the code, and is answered with the payload that it leaves. */
const code = (path: string, func: string): FlowNode[] => {
  const answer = node('http response');
  const run = wire(node('function', { name: `does ${path}`, func, outputs: 1 }), [answer]);
  return [wire(node('http in', { url: `/${path}`, method: 'post' }), [run]), run, answer];
};

/** What a flow may see of the environment, by every way that Node-RED has. */
const LOOK = `
const read = (name) => [env.get(name), RED.util.evaluateNodeProperty(name, 'env', {}), RED.util.evaluateNodeProperty('\${' + name + '}', 'env', {})];
msg.payload = { colour: read('FLOW_COLOUR')[0], cloud: read('CLOUD_SECRET').filter(Boolean), path: env.get('PATH') ?? null, data: read('REDSTART_DATA_DIR').filter(Boolean) };
return msg;`;

/** `POST /api/files?name=…` appends to the file, and is answered with all that is in it, or with the code of the error. */
const files = (): FlowNode[] => {
  const answer = node('http response');
  const read = wire(node('file in', { filename: 'filename', filenameType: 'msg', format: 'utf8', sendError: false }), [
    answer,
  ]);
  const name = { filename: 'req.query.name', filenameType: 'msg' };
  const write = wire(
    node('file', { ...name, overwriteFile: 'false', createDir: true, appendNewline: true, encoding: 'none' }),
    [read],
  );
  const code = wire(node('function', { func: 'msg.payload = msg.error.code; return msg;', outputs: 1 }), [answer]);
  return [
    wire(node('http in', { url: '/files', method: 'post' }), [write]),
    write,
    read,
    wire(node('catch', { scope: null }), [code]),
    code,
    answer,
  ];
};

const flows = {
  'files.json': tab(files(), 'files', 'Files'),
  'spying.json': tab(
    [node('file in', { name: 'users', filename: '/etc/passwd', filenameType: 'str' })],
    'spying',
    'Spying',
  ),
  'good.json': tab(code('good', LOOK), 'good', 'Good'),
  'looping.json': tab(code('loop', 'await null; for (;;) {}'), 'looping', 'Looping'),
  'throwing.json': tab(
    code('throw', "msg.res._res.once('finish', () => { throw new Error('outside of everything'); }); return msg;"),
    'throwing',
    'Throwing',
  ),
  'refused.json': tab([node('exec', { name: 'shell' })], 'refused', 'Refused'),
};

const env: Record<string, string> = {
  REDSTART_HTTP_USER: 'caller',
  REDSTART_HTTP_PASSWORD: PASSWORD,
  REDSTART_LOOP_LIMIT_SECONDS: String(LIMIT_SECONDS),
  FLOW_COLOUR: 'blue',
  CLOUD_SECRET: 'of the platform that runs this',
};

const post = async (appliance: Appliance, path: string): Promise<{ status: number; body: string }> => {
  const answer = await appliance.fetch(`/api/${path}`, { method: 'POST', headers: asCaller });
  return { status: answer.status, body: await answer.text() };
};
/** What comes of files by their names: within, above, anywhere, behind a link. */
const filesBy = async (appliance: Appliance, ...names: string[]): Promise<string[]> => {
  const answers: string[] = [];
  for (const name of names) answers.push((await post(appliance, `files?name=${encodeURIComponent(name)}`)).body);
  return answers;
};
const FILES = ['a/b.txt', '../state.db', '/etc/passwd', 'link/passwd', 'link'];
const REFUSED = ['FILE_OUTSIDE', 'FILE_OUTSIDE', 'FILE_NOT_PLAIN', 'FILE_NOT_PLAIN'];
const readyz = async (appliance: Appliance) => (await appliance.fetch('/readyz')).json();
const start = async (folder?: string, ...more: string[]): Promise<Appliance> => {
  const args = ['serve', ...more];
  const appliance = Appliance.launch(folder ? { folder, env, args } : { flows, env, args });
  await appliance.until(() => appliance.lines.some(({ msg }) => /^started, but not ready$/.test(msg)), 'its start');
  return appliance;
};
const held = (appliance: Appliance) =>
  appliance.lines.filter(({ code, flow }) => code === 'FLOW_HELD_BACK' && flow).map(({ flow, cause }) => [flow, cause]);

it('one flow that is refused, loops for ever or throws leaves the others running', async () => {
  await using notified = await receiver();
  env.REDSTART_NOTIFY_URL = notified.url;
  await using first = await start();
  const file = readFileSync(join(first.folder, 'flows', 'looping.json'), 'utf8');
  const refused = first.lines.filter(({ code }) => code === 'FLOW_REFUSED');
  expect(refused.find(({ flow }) => flow === 'spying')?.msg).toMatch(
    /flow "Spying" .*node "users" .*names the file "\/etc\/passwd".*REDSTART_NODES_ALLOW=file/,
  );
  expect(refused.find(({ flow }) => flow === 'refused')).toMatchObject({
    nodeType: 'exec',
    msg: expect.stringMatching(/flow "Refused" .*node "shell" .*REDSTART_NODES_ALLOW=exec/),
  });
  expect(await readyz(first)).toMatchObject({ ready: false, reasons: [{ code: 'flows_refused' }] });
  expect(await post(first, 'good')).toEqual({
    status: 200,
    body: JSON.stringify({ colour: 'blue', cloud: [], path: null, data: [] }),
  });

  symlinkSync('/etc', join(first.folder, 'data', 'files', 'link'));
  expect(await filesBy(first, ...FILES)).toEqual(['\n', ...REFUSED]);

  await post(first, 'loop').catch(() => null);
  expect(await first.exited).toBe(79);
  expect(first.lines.at(-1)).toMatchObject({ code: 'FLOW_BLOCKED_EVERYTHING', flow: 'looping', nodeName: 'does loop' });

  await using second = await start(first.folder);
  expect(held(second)).toEqual([['looping', 'loop']]);
  expect(await readyz(second)).toMatchObject({ notices: [{ code: 'flows_held_back' }] });
  expect((await post(second, 'loop')).status).toBe(404);
  expect((await post(second, 'good')).status).toBe(200);
  await post(second, 'throw');
  expect(await second.exited).toBe(1);
  expect(second.lines).toContainEqual(expect.objectContaining({ msg: 'the next start holds flow "Throwing" back' }));

  // Now under the permission model, which changes nothing of this.
  await using third = await start(first.folder, '--permission');
  expect(third.lines).toContainEqual(expect.objectContaining({ msg: 'runs under the permission model of Node.js' }));
  expect(held(third)).toEqual([
    ['looping', 'loop'],
    ['throwing', 'exception'],
  ]);
  expect((await post(third, 'good')).status).toBe(200);
  expect(await filesBy(third, ...FILES)).toEqual(['\n\n', ...REFUSED]);
  // Who asked to be notified has heard of both, and that the program ended.
  const told = () =>
    notified.received.flatMap(({ body }) =>
      (
        JSON.parse(body) as { events: { event: string; problem: string; id: string; count: number | null }[] }
      ).events.map(({ event, problem, id }) => `${event} ${problem} ${id}`),
    );
  const expected = ['held-back looping', 'held-back throwing', 'crashed appliance'].map((each) => `failure ${each}`);
  await expect.poll(told, { timeout: 20_000 }).toEqual(expect.arrayContaining(expected));
  expect(told().filter((each) => expected.includes(each))).toHaveLength(3);
  expect(await third.stop()).toBe(0);
  expect(readFileSync(join(first.folder, 'flows', 'looping.json'), 'utf8')).toBe(file);
});
