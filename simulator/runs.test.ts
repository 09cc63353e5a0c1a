import { describe, expect, it } from 'vitest';
import type { Scenario } from './scenario.ts';
import { SHOWCASE, TestPlatform } from './testing/simulators.ts';

const WS = `workspaceId=${SHOWCASE}`;

interface Described {
  workflow: Record<string, unknown> & { status: string };
  progress: { workflowProgress: Record<string, number>; processesProgress: { process: string; succeeded: number }[] };
  jobInfo: Record<string, unknown>;
  messages?: string[];
}

async function describeRun(platform: TestPlatform, id: string): Promise<Described> {
  return (await platform.get(`/workflow/${id}?${WS}&attributes=messages`)).body as Described;
}

async function courseOf(rule: NonNullable<Scenario['runs']>[number], steps: number[]): Promise<Described[]> {
  await using platform = await TestPlatform.start({ scenario: { runs: [rule] } });
  const id = await platform.launched();
  const seen: Described[] = [];
  for (const step of steps) {
    platform.simulator.advance(step);
    seen.push(await describeRun(platform, id));
  }
  return seen;
}

const statuses = (course: Described[]) => course.map(({ workflow }) => workflow.status);

describe('a run', () => {
  it('is submitted for 2 s, runs for 8 s and succeeds, without any rule', async () => {
    const course = await courseOf({}, [0, 1999, 1, 4000, 3999, 1]);
    expect(statuses(course)).toEqual(['SUBMITTED', 'SUBMITTED', 'RUNNING', 'RUNNING', 'RUNNING', 'SUCCEEDED']);
    const [submitted, , started, , , ended] = course.map(({ workflow }) => workflow);
    expect(submitted).not.toHaveProperty('start');
    expect(submitted).not.toHaveProperty('commitId');
    expect(started).toMatchObject({ submit: '2026-06-01T12:00:00.000Z', start: '2026-06-01T12:00:02.000Z' });
    expect(started).not.toHaveProperty('complete');
    expect(ended).toMatchObject({ complete: '2026-06-01T12:00:10.000Z', duration: 8000, success: true, exitStatus: 0 });
  });

  it('counts its tasks as they go by, and never loses one', async () => {
    const course = await courseOf({ tasks: 50 }, [0, 2000, 2000, 2000, 2000, 2000]);
    const counters = course.map(({ progress }) => progress.workflowProgress);
    expect(counters.map(({ succeeded }) => succeeded)).toEqual([0, 0, 12, 25, 37, 50]);
    for (const { pending = 0, submitted = 0, running = 0, succeeded = 0, failed = 0, aborted = 0 } of counters)
      expect(pending + submitted + running + succeeded + failed + aborted).toBe(50);
    for (const { progress } of course.slice(1))
      expect(progress.processesProgress.reduce((sum, one) => sum + one.succeeded, 0)).toBe(
        progress.workflowProgress.succeeded,
      );
  });

  it('fails with the message and report of its rule', async () => {
    const course = await courseOf(
      { end: 'FAILED', errorMessage: 'Out of cheese', errorReport: 'A report', exitStatus: 137 },
      [9999, 1],
    );
    expect(statuses(course)).toEqual(['RUNNING', 'FAILED']);
    expect(course[0]?.workflow).not.toHaveProperty('errorMessage');
    expect(course[1]?.workflow).toMatchObject({
      success: false,
      errorMessage: 'Out of cheese',
      errorReport: 'A report',
      exitStatus: 137,
    });
    expect(course[1]?.progress.workflowProgress.failed).toBe(1);
  });

  it('can fail before Nextflow starts: the reason is in the job', async () => {
    const [, refused] = await courseOf({ neverStarts: true, errorMessage: 'No such queue' }, [0, 2000]);
    expect(refused?.workflow.status).toBe('FAILED');
    expect(refused?.workflow).not.toHaveProperty('start');
    expect(refused?.workflow).not.toHaveProperty('commitId');
    expect(refused?.jobInfo).toMatchObject({ message: 'No such queue', exitCode: 1 });
    expect(refused?.messages).toEqual(['No such queue']);
  });

  it('can be UNKNOWN for a while and recover', async () => {
    const course = await courseOf(
      { runningFor: '20m', unknown: { after: '5m', for: '10m' } },
      [60_000, 300_000, 500_000, 60_000, 1_000_000],
    );
    expect(statuses(course)).toEqual(['RUNNING', 'UNKNOWN', 'UNKNOWN', 'RUNNING', 'SUCCEEDED']);
  });

  it('can end UNKNOWN, with `complete` later or never', async () => {
    const never = await courseOf({ end: 'UNKNOWN' }, [10_000, 86_400_000]);
    expect(statuses(never)).toEqual(['UNKNOWN', 'UNKNOWN']);
    expect(never[1]?.workflow).not.toHaveProperty('complete');
    const later = await courseOf({ end: 'UNKNOWN', completeAfter: '1m' }, [10_000, 60_000]);
    expect(later[0]?.workflow).not.toHaveProperty('complete');
    expect(later[1]?.workflow).toMatchObject({ status: 'UNKNOWN', complete: '2026-06-01T12:01:10.000Z' });
  });

  it('can run for ever', async () => {
    const course = await courseOf({ end: 'NEVER' }, [10_000, 864_000_000]);
    expect(statuses(course)).toEqual(['RUNNING', 'RUNNING']);
  });

  it('takes the first rule that matches and is not used up', async () => {
    await using platform = await TestPlatform.start({
      scenario: {
        runs: [
          { match: { pipeline: '^hello$', params: { greeting: '^Bye', count: '^3$' } }, end: 'CANCELLED' },
          { match: { runName: '^bad-' }, end: 'FAILED', times: 1 },
          { match: { label: '^prod$' }, end: 'UNKNOWN' },
        ],
      },
    });
    await platform.launched({ paramsText: 'greeting: Bye now\ncount: 3\n' });
    await platform.launched({ runName: 'bad-1' });
    await platform.launched({ runName: 'bad-2' });
    await platform.launched({ labelIds: [501] });
    await platform.launched({ paramsText: '{"greeting":"Bye"}' });
    platform.simulator.advance(60_000);
    expect(platform.simulator.runs.map(({ status }) => status)).toEqual([
      'CANCELLED',
      'FAILED',
      'SUCCEEDED',
      'UNKNOWN',
      'SUCCEEDED',
    ]);
  });

  it('is ended by hand', async () => {
    await using platform = await TestPlatform.start();
    const id = await platform.launched();
    platform.simulator.endRun(id, 'FAILED', { errorMessage: 'By hand' });
    expect((await describeRun(platform, id)).workflow).toMatchObject({ status: 'FAILED', errorMessage: 'By hand' });
    platform.simulator.endRun(id, 'SUCCEEDED');
    expect(platform.simulator.run(id)?.status).toBe('FAILED');
    expect(() => platform.simulator.endRun('none')).toThrow(/no run none/);
  });

  it('is cancelled within a second, at once when forced', async () => {
    await using platform = await TestPlatform.start();
    const [first, second] = [await platform.launched(), await platform.launched()];
    platform.simulator.advance(3000);
    expect((await platform.call('POST', `/workflow/${first}/cancel?${WS}`, {})).status).toBe(204);
    expect((await platform.call('POST', `/workflow/${second}/cancel?${WS}&force=true`, {})).status).toBe(204);
    expect(platform.simulator.runs.map(({ status }) => status)).toEqual(['RUNNING', 'CANCELLED']);
    platform.simulator.advance(1000);
    expect(platform.simulator.runs.map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED']);
    expect((await platform.call('POST', `/workflow/${first}/cancel?${WS}`, {})).status).toBe(400);
  });

  it('that ends within the second that cancelling takes keeps its end', async () => {
    await using platform = await TestPlatform.start();
    const id = await platform.launched();
    platform.simulator.advance(9500);
    expect((await platform.call('POST', `/workflow/${id}/cancel?${WS}`)).status).toBe(204);
    platform.simulator.advance(5000);
    expect(platform.simulator.run(id)?.status).toBe('SUCCEEDED');
  });

  it('is deleted only when it is over or that is forced', async () => {
    await using platform = await TestPlatform.start();
    const id = await platform.launched();
    expect((await platform.call('DELETE', `/workflow/${id}?${WS}`)).status).toBe(400);
    expect((await platform.call('DELETE', `/workflow/${id}?${WS}&force=true`)).status).toBe(204);
    expect((await platform.get(`/workflow/${id}?${WS}`)).status).toBe(403);
    expect(platform.simulator.runs).toEqual([]);
  });

  it('lists its tasks by page', async () => {
    await using platform = await TestPlatform.start({ scenario: { runs: [{ tasks: 130, end: 'FAILED' }] } });
    const id = await platform.launched();
    const tasks = async (query: string) =>
      (await platform.get(`/workflow/${id}/tasks?${WS}${query}`)).body as {
        tasks: { task: { taskId: number; status: string } }[];
        total: number;
      };
    expect(await tasks('')).toEqual({ tasks: [], total: 0 });
    platform.simulator.advance(10_000);
    expect((await tasks('&search=failed')).tasks.map(({ task }) => task.taskId)).toEqual([79]);
    const second = await tasks('&max=100&offset=100');
    expect([second.tasks.length, second.total, second.tasks[0]?.task.taskId]).toEqual([30, 130, 101]);
    expect((await tasks('&sortDir=desc&max=1')).tasks[0]?.task.taskId).toBe(130);
  });
});
