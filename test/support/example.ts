import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Appliance } from './appliance.ts';
import { Collector } from './collector.ts';
import { errors, type FlowNode, report } from './flows.ts';
import { temporaryFolder } from './folder.ts';
import { connectionTo, platform, type Simulator } from './platform.ts';

// Each example is run as it is, but for three things: it starts by itself, its intervals are short, and what its debug
// nodes show comes here.

type Scenario = NonNullable<Parameters<typeof platform>[0]>['scenario'];

export interface Stage {
  simulator: Simulator;
  collector: Collector;
  /** What a debug node showed. */
  shown(name: string): Record<string, unknown>[];
}

/** Ends with the test. */
export async function runExample(
  example: string,
  { scenario, change }: { scenario?: Scenario; change?: (flow: FlowNode[], collector: Collector) => void } = {},
): Promise<Stage> {
  const simulator = await platform({ speed: 20, rateLimit: false, ...(scenario ? { scenario } : {}) });
  onTestFinished(() => simulator.close());
  const collector = await Collector.listen();
  onTestFinished(() => collector[Symbol.asyncDispose]());
  const path = join(import.meta.dirname, '..', '..', 'nodes', 'examples', `${example}.json`);
  const flow = JSON.parse(readFileSync(path, 'utf8')) as FlowNode[];
  const tab = flow.find(({ type }) => type === 'tab')?.id;
  const added: FlowNode[] = [];
  for (const each of flow) {
    if (each.type === 'inject') Object.assign(each, { once: true, onceDelay: 0.1 });
    if ('poll' in each) Object.assign(each, { poll: 0.2, pollUnits: 'seconds' });
    if ('pollFrequency' in each) Object.assign(each, { pollFrequency: '0.2', pollUnits: 'seconds' });
    if (each.type !== 'debug' || each.name === 'errors') continue;
    const tap = report(collector.url, `/${encodeURIComponent(String(each.name))}`, [
      'payload',
      'workflowId',
      'runName',
      'studioId',
      'reused',
      'resumed',
      'statusCode',
      'files',
      'datasetUrl',
    ]);
    Object.assign(each, { type: 'junction', wires: [[tap[0]?.id]] });
    added.push(...tap);
  }
  change?.(flow, collector);
  const caught = errors(collector.url);
  flow.push(...([...added, ...caught].map((each) => ({ ...each, z: tab })) as FlowNode[]));
  const folder = temporaryFolder();
  const appliance = await Appliance.start({
    folder,
    flows: { 'example.json': flow },
    env: connectionTo(simulator, folder),
  });
  onTestFinished(() => appliance[Symbol.asyncDispose]());
  return { simulator, collector, shown: (name) => collector.on(`/${encodeURIComponent(name)}`) };
}

export const byName = (flow: FlowNode[], name: string): FlowNode => {
  const found = flow.find((each) => each.name === name);
  if (!found) throw new Error(`the example has no node ${name}`);
  return found;
};
