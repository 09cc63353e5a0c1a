import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { Collector } from './support/collector.ts';
import { temporaryFolder } from './support/folder.ts';
import { platform } from './support/platform.ts';
import { TcpRelay } from './support/tcp-relay.ts';
import { Watched } from './support/watched.ts';

const never = { runs: [{ end: 'NEVER' as const }] };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('keeps 20 watches through a Platform that is gone, refuses, resets and garbles, and through a clock that jumps', async () => {
  await using collector = await Collector.listen();
  const simulator = await platform({ scenario: never, rateLimit: false });
  await using relay = await TcpRelay.to(simulator.url);
  const preload = pathToFileURL(join(import.meta.dirname, 'support', 'jumping-clock.ts')).href;
  const watched = await Watched.start({
    simulator,
    collector,
    folder: temporaryFolder(),
    runs: 20,
    endpoint: relay.url,
    env: { NODE_OPTIONS: `--import=${preload}` },
  });
  await using appliance = watched.appliance;

  await relay.set('gone');
  await pause(2500);
  appliance.signal('SIGUSR2');
  await relay.set('pass');
  await watched.untilAllSeen();
  for (const kind of ['status', 'reset-before', 'reset-after'] as const) {
    const status = kind === 'status' ? { status: 429, retryAfter: 0 } : {};
    simulator.setScenario({ ...never, faults: [{ kind, ...status, for: '2s' }] });
    await pause(2500);
    await watched.untilAllSeen();
  }
  appliance.signal('SIGUSR2');
  simulator.setScenario({ ...never, faults: [{ kind: 'malformed', rate: 0.1, for: '5s' }] });
  await pause(5000);
  await watched.untilAllSeen();
  await watched.end();

  expect(collector.on('/errors')).toEqual([]);
  expect(new Set(collector.on('/success').map(({ workflowId }) => workflowId)).size).toBe(20);
  expect(collector.on('/success')).toHaveLength(20);
  // All of it is one time of trouble for whoever reads the log.
  await appliance.until(() => watched.lines().length >= 2, 'the end of the trouble in the log', 45_000);
  expect(watched.lines()).toEqual([
    expect.stringMatching(/^A check failed and is repeated/),
    expect.stringMatching(/^Checks succeed again after \d+ that failed$/),
  ]);
  await simulator.close();
}, 120_000);
