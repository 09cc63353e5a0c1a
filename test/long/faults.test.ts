import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { Fault } from '../../simulator/scenario.ts';
import { Collector } from '../support/collector.ts';
import { temporaryFolder } from '../support/folder.ts';
import { platform } from '../support/platform.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { Watched } from '../support/watched.ts';

const RUNS = 200;
/** Simulated seconds a second: ten minutes are half a minute. */
const SPEED = 20;
const TEN_MINUTES_MS = 600_000 / SPEED;
/** A client waits 60 s for an answer, and tries twice before it tells. */
const HANG_MS = 200_000;

const never = { runs: [{ end: 'NEVER' as const }] };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('keeps 200 watches through ten minutes of each fault, in flat memory, with two lines in the log for each', async () => {
  await using collector = await Collector.listen();
  const simulator = await platform({ scenario: never, rateLimit: false, speed: SPEED });
  await using relay = await TcpRelay.to(simulator.url);
  const preload = pathToFileURL(join(import.meta.dirname, '..', 'support', 'jumping-clock.ts')).href;
  const watched = await Watched.start({
    simulator,
    collector,
    folder: temporaryFolder(),
    runs: RUNS,
    endpoint: relay.url,
    env: { NODE_OPTIONS: `--import=${preload}` },
  });
  await using appliance = watched.appliance;
  await pause(20_000);
  const memory: Record<string, number> = { before: watched.rssMiB() };

  /** One fault from its beginning to the line that says that it is over. */
  const during = async (name: string, fault: () => Promise<void>): Promise<void> => {
    const lines = watched.lines().length;
    await fault();
    await watched.untilAllSeen(HANG_MS);
    await appliance.until(() => watched.lines().length >= lines + 2, `the end of ${name} in the log`, 90_000);
    expect(watched.lines().slice(lines), name).toEqual([
      expect.stringMatching(/^A check failed and is repeated/),
      expect.stringMatching(/^Checks succeed again after \d+ that failed$/),
    ]);
    memory[name] = watched.rssMiB();
  };
  const scenario = (fault: Fault): void => simulator.setScenario({ ...never, faults: [fault] });

  await during('gone', async () => {
    await relay.set('gone');
    await pause(TEN_MINUTES_MS);
    await relay.set('pass');
  });
  await during('429', async () => {
    scenario({ kind: 'status', status: 429, retryAfter: 0, for: '10m' });
    await pause(TEN_MINUTES_MS);
  });
  await during('resets', async () => {
    scenario({ kind: 'reset-after', for: '10m' });
    await pause(TEN_MINUTES_MS);
  });
  await during('garbled, a clock that jumps', async () => {
    scenario({ kind: 'malformed', rate: 0.5, for: '3m' });
    appliance.signal('SIGUSR2');
    await pause(TEN_MINUTES_MS / 2);
    appliance.signal('SIGUSR2');
    await pause(TEN_MINUTES_MS / 2);
  });
  await during('hanging answers', async () => {
    scenario({ kind: 'hang', times: 2 });
  });
  await during('half-open connections', async () => {
    await relay.set('half-open');
    await pause(130_000);
    await relay.set('gone');
    await relay.set('pass');
  });
  // One body in ten: most of it is repeated before anybody is told.
  scenario({ kind: 'malformed', rate: 0.1, for: '10m' });
  await pause(TEN_MINUTES_MS);
  await watched.untilAllSeen(HANG_MS);
  memory.after = watched.rssMiB();

  console.log(JSON.stringify({ test: 'faults', runs: RUNS, rssMiB: memory }));
  expect(memory.after - (memory.gone ?? 0)).toBeLessThan(30);
  await watched.end();
  await pause(3000);
  expect(collector.on('/errors')).toEqual([]);
  expect(collector.on('/success')).toHaveLength(RUNS);
  expect(new Set(collector.on('/success').map(({ workflowId }) => workflowId)).size).toBe(RUNS);
  await simulator.close();
}, 1_100_000);
