import type { FollowedRun, StatusReport } from '../status-schema.ts';

const NOW = Date.UTC(2026, 0, 15, 12);

export function sampleRun(index: number, parts: Partial<FollowedRun> = {}): FollowedRun {
  const id = `run${index}`;
  return {
    key: `run/70001/${id}`,
    kind: 'run',
    id,
    workspaceId: '70001',
    name: `nightly-${index}`,
    pipeline: 'nf-core/rnaseq',
    status: index % 3 === 0 ? 'submitted' : 'running',
    since: new Date(NOW - index * 1000).toISOString(),
    page: `https://cloud.example.org/orgs/lab/workspaces/main/watch/${id}`,
    node: 'monitor',
    nodeLabel: 'Follow it',
    flow: `tab${index % 2}`,
    flowLabel: `Flow ${index % 2}`,
    ...parts,
  };
}

/** A report with so many runs. */
export function sampleReport(runs: number): StatusReport {
  const hours = Array.from({ length: 24 }, (_, index) => new Date(NOW - (23 - index) * 3_600_000).toISOString());
  return {
    at: new Date(NOW).toISOString(),
    startedAt: new Date(NOW - 86_400_000).toISOString(),
    version: '0.0.0',
    ready: true,
    reasons: [],
    replicas: null,
    connections: [],
    following: runs,
    runs: Array.from({ length: runs }, (_, index) => sampleRun(index)),
    ended: [],
    outcomes: hours.map((hour, index) => ({ hour, succeeded: index, failed: index % 4, cancelled: 0, lost: 0 })),
    launches: hours.map((hour, index) => ({ hour, done: index, failed: 0, unknown: 0 })),
    failures: [],
    flows: [0, 1].map((index) => ({
      id: `tab${index}`,
      label: `Flow ${index}`,
      state: 'running' as const,
      why: null,
      nodes: 3,
      following: Math.floor(runs / 2),
      errors: 0,
      lastError: null,
      deployed: { by: 'flow files' as const, user: null, at: null },
    })),
    git: null,
    polls: [],
    store: { kind: 'sqlite', bytes: 65_536, fault: null },
    process: { everySeconds: 10, lagMs: [1, 2, 0.5], memoryBytes: [1e8, 1.1e8, 1.05e8], messagesInFlight: 0 },
  };
}
