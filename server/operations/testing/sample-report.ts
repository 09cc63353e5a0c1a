import type { FollowedRun, StatusReport } from '../status-schema.ts';

const FLOWS = ['Nightly', 'New samples', 'Clean up'];
const NOW = Date.UTC(2026, 0, 15, 12);

export function sampleRun(index: number, parts: Partial<FollowedRun> = {}): FollowedRun {
  const id = `run${index}`;
  return {
    key: `run/70001/${id}`,
    kind: 'run',
    id,
    workspaceId: '70001',
    name: `nightly-${index}`,
    pipeline: index % 2 ? 'nf-core/sarek' : 'nf-core/rnaseq',
    status: index % 3 === 0 ? 'submitted' : 'running',
    since: new Date(NOW - index * 1000).toISOString(),
    page: `https://cloud.example.org/orgs/lab/workspaces/main/watch/${id}`,
    node: 'monitor',
    nodeLabel: 'Follow it',
    flow: `tab${index % 2}`,
    flowLabel: FLOWS[index % 2] ?? null,
    ...parts,
  };
}

const hour = (back: number): string => new Date(NOW - back * 3_600_000).toISOString();
const place = (flow: number, nodeLabel: string) => ({
  node: `node${flow}`,
  nodeLabel,
  flow: `tab${flow}`,
  flowLabel: FLOWS[flow] ?? null,
});

/** A report with so many runs, and with something in every part of it. */
export function sampleReport(runs: number): StatusReport {
  const hours = Array.from({ length: 24 }, (_, index) => hour(23 - index));
  const wave = (index: number): number => Math.round(6 + 5 * Math.sin(index / 3));
  return {
    at: hour(0),
    startedAt: hour(72),
    version: '0.1.0',
    ready: true,
    reasons: [],
    replicas: {
      shards: 1,
      members: [
        { id: 'redstart-0', self: true, leads: [0] },
        { id: 'redstart-1', self: false, leads: [] },
      ],
    },
    connections: [
      {
        id: 'seqera-default',
        name: 'default',
        platform: 'api.cloud.seqera.io',
        workspaceId: '70001',
        managed: true,
        token: { state: 'good', user: 'ada', role: 'launch', checkedAt: hour(0), reason: null },
        calls: {
          lastMinute: 214,
          budgetUsed: 0.18,
          errorsLastHour: 2,
          retriesLastHour: 2,
          medianMs: 84,
          p95Ms: 310,
          waitedMs: 4,
          lastError: { at: hour(0.3), endpoint: 'GET /workflow', error: 'SEQERA_UNAVAILABLE (503)' },
        },
      },
    ],
    following: runs,
    runs: Array.from({ length: runs }, (_, index) => sampleRun(index)),
    ended: [],
    outcomes: hours.map((start, index) => ({
      hour: start,
      succeeded: wave(index),
      failed: index % 5 === 2 ? 2 : 0,
      cancelled: index % 9 === 4 ? 1 : 0,
      lost: 0,
    })),
    launches: hours.map((start, index) => ({
      hour: start,
      done: wave(index + 1),
      failed: index === 14 ? 1 : 0,
      unknown: 0,
    })),
    failures: [
      {
        at: hour(0.2),
        kind: 'run',
        title: 'nightly-1043',
        reason: 'Process `STAR_ALIGN (S12)` terminated with exit status 137',
        key: 'run/70001/x1043',
        page: 'https://cloud.seqera.io/orgs/lab/workspaces/main/watch/x1043',
        ...place(0, 'Follow it'),
      },
      {
        at: hour(9.4),
        kind: 'launch',
        title: 'Launch in workspace 70001',
        reason: 'SEQERA_PIPELINE_NOT_FOUND',
        key: null,
        page: null,
        ...place(1, 'Launch it'),
      },
    ],
    flows: FLOWS.map((label, index) => ({
      id: `tab${index}`,
      label,
      state: index === 2 ? ('held back' as const) : ('running' as const),
      why: index === 2 ? `it kept everything else waiting (${hour(5)})` : null,
      nodes: 9 + index,
      following: index === 2 ? 0 : Math.floor(runs / 2),
      errors: index,
      lastError:
        index === 1
          ? { at: hour(9.4), text: 'no pipeline is called rnasq', node: 'node1', nodeLabel: 'Launch it' }
          : null,
      deployed:
        index === 0
          ? { by: 'editor' as const, user: 'grace', at: hour(20) }
          : { by: 'flow files' as const, user: null, at: null },
    })),
    git: {
      url: 'https://git.example.org/lab/flows.git',
      ref: 'main',
      revision: '4f1d2c9a7be03518d2f6a90c1e5b7d8837aa01c4',
      deployed: null,
      appliedAt: hour(20),
      checkedAt: hour(0),
      error: null,
    },
    polls: [
      { ...place(1, 'New samples'), at: hour(0.02), next: hour(-0.06), found: 2, foundSinceStart: 118, error: null },
    ],
    store: { kind: 'sqlite', bytes: 1_482_752, fault: null },
    log: { levels: 'info,git=debug', configured: 'info', changed: { at: hour(1), by: 'ada' } },
    notifications: { format: 'slack', failing: 1, lastDeliveredAt: hour(2), error: null },
    process: {
      everySeconds: 10,
      lagMs: Array.from({ length: 120 }, (_, index) => (index % 37 === 9 ? 38 : 2 + (index % 5))),
      memoryBytes: Array.from({ length: 120 }, (_, index) => 1.4e8 + (index % 30) * 6e5),
      messagesInFlight: 3,
    },
  };
}
