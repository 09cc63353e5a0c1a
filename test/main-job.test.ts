import { describe, expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { errors, node, report, tab, trigger, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { connectionTo, launches, launchRequest, platform, post, WORKSPACE } from './support/platform.ts';

describe('the main job: a flow launches a pipeline and follows the run to its end', () => {
  it('launches once with what the node says, follows, and ends with 0', async () => {
    const simulator = await platform({ speed: 5 });
    await using collector = await Collector.listen();
    const folder = temporaryFolder();

    const launch = node('seqera-workflow-launch', {
      seqera: '',
      launchpadName: 'hello',
      launchpadNameType: 'str',
      paramsKey: '{"greeting":"hola","batch":{"size":3}}',
      params: [{ name: 'sample', value: 'sample', valueType: 'msg' }],
      runName: 'runName',
      runNameType: 'msg',
      labels: 'prod, brand-new',
    });
    const monitor = node('seqera-workflow-monitor', { seqera: '', keepPolling: true, poll: 1, pollUnits: 'seconds' });
    const status = report(collector.url, '/status', ['workflowId', 'payload', 'custom']);
    const success = report(collector.url, '/success', ['workflowId', 'payload', 'custom', 'runName', 'workflowUrl']);
    const failure = report(collector.url, '/failure', ['workflowId']);
    const start = trigger('/launch', []);
    const prepare = node('function', {
      func: "return { ...msg, sample: msg.payload.sample, runName: msg.payload.runName, custom: { kept: [1, 'two'] } };",
    });
    wire(start[0]!, [prepare, start[1]!]);
    wire(prepare, [launch]);
    wire(launch, [monitor]);
    wire(monitor, [status[0]!], [success[0]!], [failure[0]!]);
    const flow = tab([...start, prepare, launch, monitor, ...status, ...success, ...failure, ...errors(collector.url)]);

    await using appliance = await Appliance.start({
      folder,
      flows: { 'main.json': flow },
      env: connectionTo(simulator, folder),
    });
    const answer = await appliance.fetch('/api/launch', post({ sample: 'S-17', runName: 'main-job' }));
    expect(answer.status).toBe(202);
    await collector.until(() => collector.on('/success').length > 0);

    const [call, ...more] = launches(simulator);
    expect(more).toEqual([]);
    expect(call?.query.workspaceId).toBe(WORKSPACE);
    const request = launchRequest(simulator);
    expect(request.runName).toBe('main-job');
    expect(request.pipeline).toBe('https://github.com/nextflow-io/hello');
    expect(JSON.parse(String(request.paramsText))).toMatchObject({
      greeting: 'hola',
      batch: { size: 3 },
      sample: 'S-17',
    });
    expect(request.labelIds).toHaveLength(2);
    expect((request.labelIds as unknown[]).every((id) => typeof id === 'number')).toBe(true);
    expect(request).not.toHaveProperty('computeEnv');

    expect(collector.on('/errors')).toEqual([]);
    expect(collector.on('/failure')).toEqual([]);
    expect(collector.on('/success')).toHaveLength(1);
    const [ended] = collector.on('/success');
    expect(ended).toMatchObject({ custom: { kept: [1, 'two'] }, runName: 'main-job' });
    expect(ended).toMatchObject({ payload: { workflow: { status: 'SUCCEEDED', id: ended?.workflowId } } });
    expect(ended?.workflowUrl).toContain(`/watch/${String(ended?.workflowId)}`);
    expect(collector.on('/status').length).toBeGreaterThan(0);

    expect(await appliance.stop()).toBe(0);
    expect(collector.on('/success')).toHaveLength(1);
    await simulator.close();
  });
});
