import { readFileSync } from 'node:fs';
import { Appliance } from './appliance.ts';
import type { Collector } from './collector.ts';
import { errors, type FlowNode, node, report, tab, trigger, wire } from './flows.ts';
import { connectionTo, post, type Simulator, TOKEN, WORKSPACE } from './platform.ts';

/** An appliance with a monitor node that watches runs that do not end before the test says so. */
export class Watched {
  readonly appliance: Appliance;
  readonly simulator: Simulator;
  readonly collector: Collector;
  readonly ids: string[];

  private constructor(appliance: Appliance, simulator: Simulator, collector: Collector, ids: string[]) {
    this.appliance = appliance;
    this.simulator = simulator;
    this.collector = collector;
    this.ids = ids;
  }

  static async start(o: {
    simulator: Simulator;
    collector: Collector;
    folder: string;
    runs: number;
    endpoint: string;
    env?: Record<string, string>;
  }): Promise<Watched> {
    const { simulator, collector, folder } = o;
    const start = trigger('/watch', []);
    const fan = node('function', {
      func: 'for (const workflowId of msg.payload.ids) node.send({ workflowId }); return null;',
    });
    const monitor = node('seqera-workflow-monitor', { seqera: '', poll: 1, pollUnits: 'seconds' });
    const status = report(collector.url, '/status', ['workflowId']);
    const success = report(collector.url, '/success', ['workflowId', 'redelivered']);
    wire(start[0] as FlowNode, [fan, start[1] as FlowNode]);
    wire(fan, [monitor]);
    wire(monitor, [status[0] as FlowNode], [success[0] as FlowNode], []);
    const flow = tab([...start, fan, monitor, ...status, ...success, ...errors(collector.url)]);
    const appliance = await Appliance.start({
      folder,
      flows: { 'main.json': flow },
      env: { ...connectionTo(simulator, folder), TOWER_API_ENDPOINT: o.endpoint, ...o.env },
    });
    const ids: string[] = [];
    for (let index = 0; index < o.runs; index += 1) ids.push(await launch(simulator, index));
    await appliance.fetch('/api/watch', post({ ids }));
    const watched = new Watched(appliance, simulator, collector, ids);
    await watched.untilAllSeen();
    return watched;
  }

  /** Every run was seen once more from now on. */
  async untilAllSeen(timeoutMs?: number): Promise<void> {
    const from = this.collector.messages.length;
    const seen = () =>
      new Set(
        this.collector.messages
          .slice(from)
          .filter(({ path }) => path === '/status')
          .map(({ workflowId }) => workflowId),
      ).size;
    await this.collector.until(() => seen() === this.ids.length, timeoutMs);
  }

  /** Lines of the monitor about checks. */
  lines(): string[] {
    return this.appliance.lines
      .map(({ msg }) => msg)
      .filter((msg) => /^(A check failed|Checks succeed again)/.test(msg));
  }

  /** Ends all runs, and waits until each was told once. */
  async end(): Promise<void> {
    for (const id of this.ids) this.simulator.endRun(id);
    await this.collector.until(() => this.collector.on('/success').length >= this.ids.length);
  }

  rssMiB(): number {
    const status = readFileSync(`/proc/${this.appliance.pid}/status`, 'utf8');
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  }
}

async function launch(simulator: Simulator, index: number): Promise<string> {
  const answer = await fetch(`${simulator.url}/workflow/launch?workspaceId=${WORKSPACE}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ launch: { pipeline: 'https://github.com/nextflow-io/hello', runName: `watched-${index}` } }),
  });
  return ((await answer.json()) as { workflowId: string }).workflowId;
}
