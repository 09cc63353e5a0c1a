import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { errors, node, report, tab, trigger, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { connectionTo, launches, platform, post } from './support/platform.ts';

it('follows 100 runs at once through one launch and one monitor node, each with its own message', async () => {
  const runs = 100;
  const simulator = await platform({
    speed: 2,
    scenario: { runs: [{ match: { runName: '-(3|7)\\d?$' }, end: 'FAILED' }] },
  });
  await using collector = await Collector.listen();
  const folder = temporaryFolder();

  const start = trigger('/launch', []);
  const fan = node('function', {
    func: "for (let i = 0; i < msg.payload.runs; i += 1) node.send({ _msgid: RED.util.generateId(), index: i, runName: 'many-' + i }); return null;",
  });
  const launch = node('seqera-workflow-launch', {
    seqera: '',
    launchpadName: 'hello',
    runName: 'runName',
    runNameType: 'msg',
  });
  const monitor = node('seqera-workflow-monitor', { seqera: '', poll: 2, pollUnits: 'seconds' });
  const success = report(collector.url, '/success', ['index', 'workflowId', 'runName', 'payload']);
  const failure = report(collector.url, '/failure', ['index', 'workflowId', 'runName', 'payload']);
  wire(start[0]!, [fan, start[1]!]);
  wire(fan, [launch]);
  wire(launch, [monitor]);
  wire(monitor, [], [success[0]!], [failure[0]!]);

  await using appliance = await Appliance.start({
    folder,
    flows: { 'many.json': tab([...start, fan, launch, monitor, ...success, ...failure, ...errors(collector.url)]) },
    env: connectionTo(simulator, folder),
  });
  await appliance.fetch('/api/launch', post({ runs }));
  const ended = () => [...collector.on('/success'), ...collector.on('/failure')];
  await collector.until(() => ended().length >= runs);

  expect(collector.on('/errors')).toEqual([]);
  expect(ended()).toHaveLength(runs);
  expect(new Set(ended().map(({ index }) => index)).size).toBe(runs);
  expect(new Set(ended().map(({ workflowId }) => workflowId)).size).toBe(runs);
  for (const message of ended()) {
    expect(message.runName).toBe(`many-${String(message.index)}`);
    expect((message.payload as { workflow: Record<string, unknown> }).workflow).toMatchObject({
      id: message.workflowId,
      runName: message.runName,
    });
  }
  const shouldFail = (index: unknown) => /-(3|7)\d?$/.test(`many-${String(index)}`);
  expect(collector.on('/failure').every(({ index }) => shouldFail(index))).toBe(true);
  expect(collector.on('/success').some(({ index }) => shouldFail(index))).toBe(false);
  expect(launches(simulator)).toHaveLength(runs);
  await simulator.close();
});
