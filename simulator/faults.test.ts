import { describe, expect, it } from 'vitest';
import type { Fault } from './scenario.ts';
import { SHOWCASE, TestPlatform } from './testing/simulators.ts';

const LAUNCH = `/workflow/launch?workspaceId=${SHOWCASE}`;
const BODY = { launch: { pipeline: 'https://github.com/nextflow-io/hello' } };

const withFault = (fault: Fault) => TestPlatform.start({ scenario: { faults: [fault] } });
const onLaunch = { match: { method: 'post', path: '^/workflow/launch$' } };

/** Sends a launch and says what came of it: the status, or `no answer`. */
async function launch(platform: TestPlatform): Promise<number | 'no answer'> {
  try {
    return (await platform.call('POST', LAUNCH, BODY)).status;
  } catch {
    return 'no answer';
  }
}

describe('a fault', () => {
  it('resets the connection before the effect', async () => {
    await using platform = await withFault({ ...onLaunch, kind: 'reset-before', times: 1 });
    expect([await launch(platform), platform.simulator.runs.length]).toEqual(['no answer', 0]);
    expect([await launch(platform), platform.simulator.runs.length]).toEqual([200, 1]);
    expect(platform.simulator.calls.map(({ status, fault }) => [status, fault])).toEqual([
      [0, 'reset-before'],
      [200, null],
    ]);
  });

  it('resets the connection after the effect', async () => {
    await using platform = await withFault({ ...onLaunch, kind: 'reset-after' });
    expect([await launch(platform), platform.simulator.runs.length]).toEqual(['no answer', 1]);
    // Other calls are left alone.
    expect((await platform.get('/user-info')).status).toBe(200);
  });

  it('garbles the body of a call that took effect', async () => {
    await using platform = await withFault({ ...onLaunch, kind: 'malformed' });
    const answer = await platform.call('POST', LAUNCH, BODY);
    expect([answer.status, answer.body, platform.simulator.runs.length]).toEqual([200, undefined, 1]);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.text).not.toBe('');
  });

  it('answers with a status, its body and headers, without effect or with it', async () => {
    await using platform = await withFault({ ...onLaunch, kind: 'status', status: 503, retryAfter: 7, times: 1 });
    const answer = await platform.call('POST', LAUNCH, BODY);
    expect([answer.status, answer.body]).toEqual([503, { message: 'Service Unavailable' }]);
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(platform.simulator.runs).toHaveLength(0);
    platform.simulator.setScenario({
      faults: [{ kind: 'status', status: 500, body: 'oops', headers: { 'X-Thing': 'y' }, effect: true }],
    });
    const taken = await platform.call('POST', LAUNCH, BODY);
    expect([taken.status, taken.text, taken.headers.get('x-thing')]).toEqual([500, 'oops', 'y']);
    expect(platform.simulator.runs).toHaveLength(1);
  });

  it('answers 401 and 403 without a body, and 429 as the limiter does', async () => {
    await using platform = await withFault({ kind: 'status', status: 401 });
    expect((await platform.get('/user-info')).text).toBe('');
    platform.simulator.setScenario({ faults: [{ kind: 'status', status: 429 }] });
    const limited = await platform.get('/user-info');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '0']);
    expect(limited.text).toContain('Wait 0secs');
  });

  it('answers with the page of a gateway', async () => {
    await using platform = await withFault({ kind: 'html' });
    const answer = await platform.get('/user-info');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'text/html']);
    expect(answer.text).toContain('<title>502 Bad Gateway</title>');
  });

  it('accepts without doing', async () => {
    await using platform = await withFault({ ...onLaunch, kind: 'accepted', body: { state: 'later' } });
    const answer = await platform.call('POST', LAUNCH, BODY);
    expect([answer.status, answer.body, platform.simulator.runs.length]).toEqual([202, { state: 'later' }, 0]);
  });

  it('hangs until the client gives up, and does not keep the simulator from closing', async () => {
    const platform = await withFault({ kind: 'hang' });
    const controller = new AbortController();
    const hung = fetch(`${platform.simulator.url}/user-info`, { signal: controller.signal });
    const call = await platform.simulator.waitForCall(({ fault }) => fault === 'hang');
    expect(call.status).toBe(0);
    controller.abort();
    await expect(hung).rejects.toThrow();
    const other = fetch(`${platform.simulator.url}/user-info`);
    await platform.simulator.waitForCall(({ token }) => token === null);
    const refused = expect(other).rejects.toThrow();
    await platform.simulator.close();
    await refused;
  });

  it('delays the answer in real time', async () => {
    await using platform = await withFault({ kind: 'latency', delay: [40, '60ms'] });
    const before = performance.now();
    expect((await platform.get('/user-info')).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThanOrEqual(39);
    expect(platform.simulator.calls[0]?.fault).toBe('latency');
  });

  it('has a window in simulated time, counted from when it was set', async () => {
    await using platform = await TestPlatform.start();
    platform.simulator.advance(3_600_000);
    platform.simulator.setScenario({ faults: [{ kind: 'status', from: '10s', for: '60s' }] });
    const seen: number[] = [];
    for (const step of [0, 9999, 1, 59_999, 1]) {
      platform.simulator.advance(step);
      seen.push((await platform.get('/user-info')).status);
    }
    expect(seen).toEqual([200, 200, 503, 503, 200]);
  });

  it('skips calls, counts them, and strikes at its rate, the same for the same seed', async () => {
    const statuses = async (fault: Partial<Fault>, seed: number) => {
      await using platform = await TestPlatform.start({ scenario: { seed, faults: [{ kind: 'status', ...fault }] } });
      const seen: number[] = [];
      for (let index = 0; index < 200; index += 1) seen.push((await platform.get('/user-info')).status);
      return seen;
    };
    expect((await statuses({ skip: 2, times: 2 }, 1)).slice(0, 6)).toEqual([200, 200, 503, 503, 200, 200]);
    const tenth = await statuses({ rate: 0.1 }, 1);
    const struck = tenth.filter((status) => status === 503).length;
    expect(struck).toBeGreaterThan(8);
    expect(struck).toBeLessThan(35);
    expect(await statuses({ rate: 0.1 }, 1)).toEqual(tenth);
    expect(await statuses({ rate: 0.1 }, 2)).not.toEqual(tenth);
  });
});
