import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { errors, node, report, tab, trigger, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { connectionTo, launches, launchRequest, platform, post } from './support/platform.ts';

// The shapes in which flows exist out there: an empty or dangling connection, `pollType` on a monitor, `…Type`
// properties that older exports leave out, numbers as text, a launch request in the message body.
it('runs flows in the shapes that people already have, unchanged', async () => {
  const simulator = await platform({ speed: 10 });
  await using collector = await Collector.listen();
  const folder = temporaryFolder();

  const byName = trigger('/by-name', []);
  const bare = node('seqera-workflow-launch', { name: '', seqera: '', launchpadName: 'hello' });
  const oldMonitor = node('seqera-workflow-monitor', {
    name: 'Monitor workflow',
    seqera: '',
    workflowId: 'workflowId',
    workflowIdType: 'msg',
    pollType: 'num',
    poll: '1',
    pollUnits: 'seconds',
    keepPolling: true,
    workspaceIdType: 'str',
  });
  const done = report(collector.url, '/by-name', ['workflowId', 'payload']);
  wire(byName[0]!, [bare, byName[1]!]);
  wire(bare, [oldMonitor]);
  wire(oldMonitor, [], [done[0]!], []);

  const byBody = trigger('/by-body', []);
  const dangling = node('seqera-workflow-launch', {
    seqera: 'a3c1f00d',
    launchpadName: '',
    launchpadNameType: 'str',
    paramsKey: 'params',
    paramsKeyType: 'msg',
  });
  const once = node('seqera-workflow-monitor', { seqera: 'a3c1f00d', keepPolling: false });
  const bodyDone = report(collector.url, '/by-body', ['workflowId', 'payload']);
  const set = node('function', {
    func: 'msg.body = msg.payload; msg.payload = null; msg.params = { extra: true }; return msg;',
  });
  wire(byBody[0]!, [set, byBody[1]!]);
  wire(set, [dangling]);
  wire(dangling, [once]);
  wire(once, [bodyDone[0]!], [bodyDone[0]!], []);

  await using appliance = await Appliance.start({
    folder,
    flows: {
      'published.json': tab([
        ...byName,
        bare,
        oldMonitor,
        ...done,
        ...byBody,
        set,
        dangling,
        once,
        ...bodyDone,
        ...errors(collector.url),
      ]),
    },
    env: connectionTo(simulator, folder),
  });
  await appliance.fetch('/api/by-name', post());
  await collector.until(() => collector.on('/by-name').length > 0);
  await appliance.fetch(
    '/api/by-body',
    post({
      launch: {
        pipeline: 'https://github.com/nextflow-io/hello',
        computeEnvId: '4aWsBatchSeed0000000Ce',
        runName: 'from-body',
        paramsText: '{"a":1}',
      },
    }),
  );
  await collector.until(() => collector.on('/by-body').length > 0);

  expect(collector.on('/errors')).toEqual([]);
  expect(launches(simulator)).toHaveLength(2);
  const request = launchRequest(simulator, 1);
  expect(request.runName).toBe('from-body');
  expect(JSON.parse(String(request.paramsText))).toEqual({ a: 1, extra: true });
  expect(collector.on('/by-body')).toHaveLength(1);
  await simulator.close();
});
