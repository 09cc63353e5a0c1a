import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { errors, node, report, tab, trigger, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { connectionTo, platform, post } from './support/platform.ts';

it('keeps watching through 60 s in which the Platform answers 503', async () => {
  const simulator = await platform({
    scenario: { runs: [{ match: { pipeline: 'hello' }, submittedFor: '1s', runningFor: '30s', end: 'SUCCEEDED' }] },
  });
  await using collector = await Collector.listen();
  const folder = temporaryFolder();
  const start = trigger('/launch', []);
  const launch = node('seqera-workflow-launch', { seqera: '', launchpadName: 'hello' });
  const monitor = node('seqera-workflow-monitor', { seqera: '', poll: 1, pollUnits: 'seconds' });
  const status = report(collector.url, '/status', ['workflowId']);
  const success = report(collector.url, '/success', ['workflowId', 'payload']);
  wire(start[0]!, [launch, start[1]!]);
  wire(launch, [monitor]);
  wire(monitor, [status[0]!], [success[0]!], []);
  await using appliance = await Appliance.start({
    folder,
    flows: { 'storm.json': tab([...start, launch, monitor, ...status, ...success, ...errors(collector.url)]) },
    env: connectionTo(simulator, folder),
  });
  await appliance.fetch('/api/launch', post());
  await collector.until(() => collector.on('/status').length > 0);

  const before = simulator.calls.length;
  simulator.setScenario({
    runs: [{ match: { pipeline: 'hello' }, submittedFor: '1s', runningFor: '30s', end: 'SUCCEEDED' }],
    faults: [{ match: { path: '.' }, kind: 'status', status: 503, from: '0s', for: '60s' }],
  });
  await collector.until(() => collector.on('/success').length > 0, 110_000);

  expect(collector.on('/errors')).toEqual([]);
  expect(collector.on('/success')).toHaveLength(1);
  const storm = simulator.calls.slice(before).filter(({ status }) => status === 503);
  expect(storm.length).toBeGreaterThan(3);
  // It backs off: far fewer calls than one a second with four tries each.
  expect(storm.length).toBeLessThan(60);
  await simulator.close();
}, 120_000);
