import { describe, expect, it } from 'vitest';
import { Metrics, type Snapshot } from './metrics.ts';

const quiet: Snapshot = {
  ready: true,
  standby: false,
  storeFault: false,
  flows: { running: 2, held: 0, disabled: 1 },
  messagesInFlight: 3,
  git: null,
  messages: [],
};

const call = {
  platform: 'api.example.org',
  method: 'GET',
  endpoint: '/workflow/{id}',
  status: 200 as number | undefined,
  error: undefined as string | undefined,
  attempt: 1,
  durationMs: 120,
  waitedMs: 10,
};

/** The samples of one metric, without those that are zero. */
async function samples(metrics: Metrics, name: string): Promise<string[]> {
  const lines = (await metrics.text()).split('\n');
  return lines.filter((line) => line.startsWith(name) && !line.endsWith(' 0')).map((line) => line.slice(name.length));
}

describe('metrics', () => {
  it('have what alerts wait for from the start, so that the first failure is an increase', async () => {
    const text = await new Metrics('1', () => quiet).text();
    for (const outcome of ['done', 'failed', 'unknown'])
      expect(text).toContain(`redstart_launches_total{outcome="${outcome}"} 0\n`);
    expect(text).toContain('redstart_polls_total{outcome="failed"} 0\n');
    expect(text).toContain('redstart_deploys_total{outcome="refused"} 0\n');
  });

  it('count what happens under names and labels that last', async () => {
    let messages = [{ flow: 'Nightly', type: 'function', count: 4 }];
    const metrics = new Metrics('1.2.3', () => {
      const now = { ...quiet, messages };
      messages = [];
      return now;
    });
    metrics.notified('delivered', 1);
    metrics.notified('dropped', 3);
    metrics.request('flows', '/runs/:id', 'GET', 200, 0.01);
    metrics.request('flows', '/runs/:id', 'BREW', 404, 0.01);
    metrics.nodeError('Nightly', 'seqera-workflow-launch');
    metrics.platformCall(call);
    metrics.platformCall({ ...call, status: undefined, error: 'SEQERA_TIMEOUT', attempt: 2 });
    metrics.platformWrite({ action: 'launch', outcome: 'done' });
    metrics.platformWrite({ action: 'cancel', outcome: 'done' });
    metrics.audited({ event: 'deploy' });
    metrics.audited({ event: 'refused', what: 'deploy' });
    metrics.audited({ event: 'refused', what: 'sign-in', why: 'wrong name or password' });
    metrics.audited({ event: 'refused', area: 'flows', reason: 'no credentials' });
    metrics.storeWrite(0.002);
    expect(await samples(metrics, 'redstart_messages_total')).toEqual(['{flow="Nightly",type="function"} 4']);
    expect(await samples(metrics, 'redstart_notifications_total')).toEqual([
      '{outcome="delivered"} 1',
      '{outcome="dropped"} 3',
    ]);
    // Asked again, they are not counted again.
    expect(await samples(metrics, 'redstart_messages_total')).toEqual(['{flow="Nightly",type="function"} 4']);
    expect(await samples(metrics, 'redstart_http_requests_total')).toEqual([
      '{area="flows",route="/runs/:id",method="GET",status="200"} 1',
      '{area="flows",route="/runs/:id",method="other",status="404"} 1',
    ]);
    expect(await samples(metrics, 'redstart_platform_requests_total')).toEqual([
      '{platform="api.example.org",endpoint="/workflow/{id}",method="GET",status="200",retry="false"} 1',
      '{platform="api.example.org",endpoint="/workflow/{id}",method="GET",status="SEQERA_TIMEOUT",retry="true"} 1',
    ]);
    expect(await samples(metrics, 'redstart_launches_total')).toEqual(['{outcome="done"} 1']);
    expect(await samples(metrics, 'redstart_deploys_total')).toEqual([
      '{outcome="applied"} 1',
      '{outcome="refused"} 1',
    ]);
    expect(await samples(metrics, 'redstart_refusals_total')).toEqual([
      '{area="sign-in",reason="wrong name or password"} 1',
      '{area="flows",reason="no credentials"} 1',
    ]);
    expect(await samples(metrics, 'redstart_store_write_duration_seconds_count')).toEqual([' 1']);
    expect(await samples(metrics, 'redstart_build_info')).toEqual(['{version="1.2.3"} 1']);
    expect(await samples(metrics, 'redstart_flows{')).toEqual(['state="running"} 2', 'state="disabled"} 1']);
  });

  it('tell which revision of the flows is in force, since when, and whether newer ones can be had', async () => {
    const checkedAt = '2026-03-02T09:00:00.500Z';
    let git: Snapshot['git'] = { revision: 'abc', checkedAt, appliedAt: '2026-03-01T00:00:00Z', failing: true };
    const metrics = new Metrics('1', () => ({ ...quiet, git }));
    metrics.audited({ event: 'git', outcome: 'applied', revision: 'abc' });
    metrics.audited({ event: 'git', outcome: 'refused', code: 'GIT_UNSIGNED' });
    expect(await samples(metrics, 'redstart_git_')).toEqual([
      'changes_total{outcome="applied",code="none"} 1',
      'changes_total{outcome="refused",code="GIT_UNSIGNED"} 1',
      'info{revision="abc"} 1',
      'failing 1',
      'last_looked_timestamp_seconds 1772442000.5',
      'last_applied_timestamp_seconds 1772323200',
    ]);
    git = { revision: 'def', checkedAt: null, appliedAt: null, failing: false };
    expect(await samples(metrics, 'redstart_git_info')).toEqual(['{revision="def"} 1']);
    git = null;
    // Nothing to alert on where flows do not come from git.
    expect((await metrics.text()).match(/^redstart_git_(?!changes)\w+/gm)).toBeNull();
  });

  it('know what is followed now, and how it ended', async () => {
    const metrics = new Metrics('1', () => quiet);
    const watch = { kind: 'run', workspaceId: '1', state: 'watching' as const };
    metrics.watch('n1', { ...watch, id: 'a' });
    metrics.watch('n1', { ...watch, id: 'a', status: 'RUNNING' });
    metrics.watch('n1', { ...watch, id: 'b' });
    metrics.watch('n2', { ...watch, id: 'c' });
    metrics.watch('n1', { ...watch, id: 'a', state: 'ended', status: 'SUCCEEDED' });
    metrics.watch('n2', { ...watch, id: 'c', state: 'left' });
    expect(await samples(metrics, 'redstart_watches{')).toEqual(['kind="run"} 1']);
    expect(await samples(metrics, 'redstart_watches_ended_total')).toEqual(['{kind="run",status="SUCCEEDED"} 1']);
  });

  it('tell how late the most overdue poll is, of nodes that are there', async () => {
    const metrics = new Metrics('1', () => quiet);
    metrics.poll('gone', { next: Date.now() - 3_600_000, found: 2 });
    metrics.poll('here', { next: Date.now() - 60_000, found: undefined });
    metrics.forget((node) => node === 'here');
    const [lag] = await samples(metrics, 'redstart_poll_lag_seconds');
    expect(Number(lag)).toBeGreaterThan(59);
    expect(Number(lag)).toBeLessThan(90);
    expect(await samples(metrics, 'redstart_polls_total')).toEqual(['{outcome="done"} 1', '{outcome="failed"} 1']);
    expect(await samples(metrics, 'redstart_poll_found_total')).toEqual([' 2']);
  });

  it('hold a bound on what flows and callers can name', async () => {
    const metrics = new Metrics('1', () => quiet);
    for (let index = 0; index < 2000; index += 1) metrics.request('flows', `/${index}`, 'GET', 200, 0.01);
    const routes = await samples(metrics, 'redstart_http_requests_total');
    expect(routes).toHaveLength(501);
    expect(routes.at(-1)).toBe('{area="flows",route="other",method="GET",status="200"} 1500');
  });

  it('tell how many spans of traces were sent and lost, where there are traces', async () => {
    const spans = { sent: 5, lost: 2 };
    const metrics = new Metrics('1', () => ({ ...quiet, spans }));
    const both = ['{outcome="sent"} 5', '{outcome="lost"} 2'];
    expect(await samples(metrics, 'redstart_trace_spans_total')).toEqual(both);
    expect(await samples(metrics, 'redstart_trace_spans_total')).toEqual(both);
    expect(await samples(new Metrics('1', () => quiet), 'redstart_trace_spans_total')).toEqual([]);
  });
});
