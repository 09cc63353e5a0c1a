import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { type FlowNode, node, report, tab, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { asCaller, connectionTo, platform } from './support/platform.ts';

it('answers 503 to who waits for a run at the stop, warns once what is not kept, and follows the run on', async () => {
  await using collector = await Collector.listen();
  const simulator = await platform({ scenario: { runs: [{ end: 'NEVER' }] } });
  const folder = temporaryFolder();
  const input = node('http in', { url: '/wait', method: 'get' });
  const shape = node('function', { func: 'msg.call = () => 1; msg.kept = Buffer.from("kept"); return msg;' });
  const launch = node('seqera-workflow-launch', { seqera: '', launchpadName: 'hello' });
  const monitor = node('seqera-workflow-monitor', { seqera: '', poll: 1, pollUnits: 'seconds' });
  const status = report(collector.url, '/status', ['workflowId']);
  const answer = node('http response', { statusCode: '200' });
  const success = report(collector.url, '/success', ['workflowId', 'kept']);
  wire(input, [shape]);
  wire(shape, [launch]);
  wire(launch, [monitor]);
  wire(monitor, [status[0] as FlowNode], [success[0] as FlowNode, answer], []);
  const flows = { 'main.json': tab([input, shape, launch, monitor, answer, ...status, ...success]) };
  const env = connectionTo(simulator, folder);
  {
    await using appliance = await Appliance.start({ folder, flows, env });
    const waits = [1, 2].map(() => appliance.fetch('/api/wait', { headers: asCaller }));
    await collector.until(() => new Set(collector.on('/status').map(({ workflowId }) => workflowId)).size === 2);
    expect(await appliance.stop()).toBe(0);
    for (const answered of await Promise.all(waits)) {
      expect(answered.status).toBe(503);
      expect(Number(answered.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const warnings = appliance.lines.filter(
      ({ nodeType, msg }) => nodeType === monitor.type && msg.includes('cannot be kept over a restart'),
    );
    expect(warnings).toHaveLength(1);
    for (const part of ['req', 'res', 'call']) expect(warnings[0]?.msg).toMatch(new RegExp(`\\b${part}\\b`));
    expect(appliance.lines.some(({ msg }) => /no flow had answered: 2 got a 503/.test(msg))).toBe(true);
  }
  await using again = await Appliance.start({ folder, env });
  for (const { id } of simulator.runs) simulator.endRun(id);
  await collector.until(() => collector.on('/success').length === 2);
  expect(
    collector
      .on('/success')
      .map(({ workflowId }) => workflowId)
      .sort(),
  ).toEqual(simulator.runs.map(({ id }) => id).sort());
  expect(collector.on('/success')[0]?.kept).toEqual(JSON.parse(JSON.stringify(Buffer.from('kept'))));
  expect(again.exitCode).toBeNull();
  await simulator.close();
});
