import { describe, expect, it } from 'vitest';
import { byName, runExample } from './support/example.ts';
import { launches, launchRequest } from './support/platform.ts';

const failing = { submittedFor: 100, runningFor: 1000, end: 'FAILED' as const, errorMessage: 'out of memory' };

describe('example: resume on failure', () => {
  it('resumes until the run succeeds', async () => {
    const { simulator, collector, shown } = await runExample('resume-on-failure', {
      scenario: { runs: [{ ...failing, times: 2 }] },
    });
    await collector.until(() => shown('succeeded').length > 0);
    expect(simulator.runs.map(({ resume }) => resume)).toEqual([false, true, true]);
    expect(new Set(simulator.runs.map(({ sessionId }) => sessionId)).size).toBe(1);
    expect(shown('given up')).toEqual([]);
    expect(collector.on('/errors')).toEqual([]);
  });

  it('gives up after three times', async () => {
    const { simulator, collector, shown } = await runExample('resume-on-failure', { scenario: { runs: [failing] } });
    await collector.until(() => shown('given up').length > 0);
    expect(simulator.runs).toHaveLength(4);
    expect(shown('succeeded')).toEqual([]);
  });
});

describe('example: chain two pipelines', () => {
  it('gives what the first has made to the second', async () => {
    const { simulator, collector, shown } = await runExample('chain-two-pipelines');
    await collector.until(() => shown('both succeeded').length > 0);
    expect(simulator.runs.map(({ pipelineName }) => pipelineName)).toEqual(['hello', 'rnaseq']);
    expect(JSON.parse(String(launchRequest(simulator, 1).paramsText))).toMatchObject({ input: 's3://my-bucket/first' });
    expect(collector.on('/errors')).toEqual([]);
  });
});

describe('example: studio on failure', () => {
  it('opens a studio, tells the webhook, and deletes the studio when it has ended', async () => {
    const { simulator, collector, shown } = await runExample('studio-on-failure', {
      scenario: {
        runs: [failing],
        studios: [{ end: 'stopped', startingFor: 500, runningFor: '20s', stoppingFor: 500 }],
      },
      change: (flow, { url }) => Object.assign(byName(flow, 'Tell the webhook'), { url: `${url}/webhook` }),
    });
    await collector.until(() => collector.on('/webhook').length > 0 && shown('studio is gone').length > 0);
    expect(collector.on('/webhook')).toMatchObject([{ text: expect.stringMatching(/failed: out of memory.*debug-/) }]);
    expect(simulator.studios.some(({ name }) => name.startsWith('debug-'))).toBe(false);
    expect(collector.on('/errors')).toEqual([]);
  });
});

describe('example: nightly launch', () => {
  it('launches once, however often it is triggered', async () => {
    const { simulator, collector, shown } = await runExample('nightly-launch', {
      change: (flow) => {
        const inject = byName(flow, 'Every night');
        Object.assign(inject, { crontab: '', repeat: '0.5' });
      },
    });
    await collector.until(() => shown('launched before').length >= 3 && shown('succeeded').length > 0);
    expect(launches(simulator)).toHaveLength(1);
    expect(simulator.runs[0]?.labels).toContain('nightly');
    expect(new Set(shown('launched before').map(({ runName }) => runName))).toEqual(
      new Set([simulator.runs[0]?.runName]),
    );
    expect(collector.on('/errors')).toEqual([]);
  });
});

describe('example: cancel what runs too long', () => {
  it('cancels the old runs and leaves the others', async () => {
    const { simulator, collector, shown } = await runExample('cancel-what-runs-too-long', {
      scenario: {
        runs: [{ end: 'NEVER', submittedFor: 10 }],
        history: [
          { count: 2, every: '25 h', runNamePrefix: 'old' },
          { count: 1, every: '1 h', runNamePrefix: 'young' },
        ],
      },
    });
    await collector.until(() => shown('cancelled').length >= 2);
    expect(new Set(shown('cancelled').map(({ runName }) => runName))).toEqual(new Set(['old-0', 'old-1']));
    expect(simulator.runs.find(({ runName }) => runName === 'young-0')?.status).toBe('RUNNING');
    expect(collector.on('/errors')).toEqual([]);
  });
});

describe('example: report failed runs', () => {
  it('counts all of them', async () => {
    const { collector, shown } = await runExample('report-failed-runs', {
      scenario: { runs: [failing], history: [{ count: 230 }, { count: 5, pipeline: 'rnaseq' }] },
    });
    await collector.until(() => shown('failed runs by pipeline').length > 0);
    expect(shown('failed runs by pipeline')[0]?.payload).toEqual({ 'nextflow-io/hello': 230, 'nf-core/rnaseq': 5 });
  });
});

describe('example: trigger an action', () => {
  it('launches with its parameter and follows the run', async () => {
    const { simulator, collector, shown } = await runExample('trigger-an-action');
    await collector.until(() => shown('succeeded').length > 0);
    expect(simulator.action('nightly-qc')?.runs).toEqual([simulator.runs[0]?.id]);
    expect(simulator.runs[0]?.params).toMatchObject({ depth: 50 });
    expect(collector.on('/errors')).toEqual([]);
  });
});
