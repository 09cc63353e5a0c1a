import { describe, expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { errors, node, report, tab, trigger, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { connectionTo, platform, post, type Simulator } from './support/platform.ts';

async function launchMany(simulator: Simulator, collector: Collector, count: number): Promise<void> {
  const folder = temporaryFolder();
  const start = trigger('/launch', []);
  const fan = node('function', {
    func: 'for (let i = 0; i < msg.payload.count; i += 1) node.send({ index: i }); return null;',
  });
  const launch = node('seqera-workflow-launch', { seqera: '', launchpadName: 'hello' });
  const launched = report(collector.url, '/launched', ['index', 'workflowId']);
  wire(start[0]!, [fan, start[1]!]);
  wire(fan, [launch]);
  wire(launch, [launched[0]!]);
  await using appliance = await Appliance.start({
    folder,
    flows: { 'once.json': tab([...start, fan, launch, ...launched, ...errors(collector.url)]) },
    env: connectionTo(simulator, folder),
  });
  await appliance.fetch('/api/launch', post({ count }));
  await collector.until(() => collector.on('/launched').length + collector.on('/errors').length >= count, 55_000);
  expect(await appliance.stop()).toBe(0);
}

describe('exactly one run per input', () => {
  it('adopts the run when the connection is reset after the server took the launch', async () => {
    const simulator = await platform({
      scenario: { faults: [{ match: { method: 'POST', path: '/workflow/launch$' }, kind: 'reset-after', times: 1 }] },
    });
    await using collector = await Collector.listen();
    await launchMany(simulator, collector, 1);
    expect(collector.on('/errors')).toEqual([]);
    expect(simulator.runs).toHaveLength(1);
    expect(collector.on('/launched')).toMatchObject([{ workflowId: simulator.runs[0]?.id }]);
    await simulator.close();
  });

  it('makes exactly 50 runs of 50 inputs under a 10 % fault rate', async () => {
    const simulator = await platform({
      scenario: {
        seed: 7,
        faults: [
          { match: { path: '.' }, kind: 'reset-after', rate: 0.04 },
          { match: { path: '.' }, kind: 'reset-before', rate: 0.03 },
          { match: { path: '.' }, kind: 'status', status: 503, rate: 0.03 },
        ],
      },
    });
    await using collector = await Collector.listen();
    await launchMany(simulator, collector, 50);
    expect(collector.on('/errors')).toEqual([]);
    expect(simulator.runs).toHaveLength(50);
    const ids = collector.on('/launched').map(({ workflowId }) => workflowId);
    expect(new Set(ids)).toEqual(new Set(simulator.runs.map(({ id }) => id)));
    expect(ids).toHaveLength(50);
    await simulator.close();
  });
});
