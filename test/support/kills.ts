import { Collector } from './collector.ts';
import { launchAndFollow, lossesOf, Mortal } from './crashing.ts';
import { platform } from './platform.ts';

/** The same seed gives the same moments. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** REDSTART_SEED replays one; otherwise it is of this moment. */
export const seedOfTest = (): number => Number(process.env.REDSTART_SEED ?? Date.now() % 1_000_000);

export interface KillResult {
  runs: number;
  kills: number;
  /** Kills while flows ran. */
  killedRunning: number;
  ends: number;
  redelivered: number;
  wrong: string[];
}

/** Launches and follows `runs` runs while the program is killed `kills` times at random moments of its life, starts among them. */
export async function killAtRandom(
  folder: string,
  o: { runs: number; kills: number; seed: number; longestLifeMs: number; runningFor: string; patienceMs: number },
): Promise<KillResult> {
  const random = randomOf(o.seed);
  await using collector = await Collector.listen();
  const simulator = await platform({
    scenario: { runs: [{ submittedFor: '500ms', runningFor: o.runningFor as '1s' }] },
  });
  await using mortal = await Mortal.create(simulator, folder, { 'main.json': launchAndFollow(collector) });

  const given = new AbortController();
  let next = 0;
  const caller = async (): Promise<void> => {
    for (let index = next++; index < o.runs; index = next++) await mortal.ask('/api/launch', { index }, given.signal);
  };
  const callers = Promise.all(Array.from({ length: 8 }, caller));

  let killedRunning = 0;
  try {
    for (let kill = 0; kill < o.kills; kill += 1) {
      const appliance = mortal.start();
      // A third of the lives end at any moment of the start, the others while the flows run.
      const whileRunning = random() > 1 / 3;
      const life = random() * o.longestLifeMs;
      if (whileRunning) {
        await Promise.race([appliance.until(() => appliance.url !== '', 'the address in the log'), appliance.exited]);
        await appliance.untilReady();
        killedRunning += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, life));
      if (appliance.exitCode !== null) throw new Error(`it ended by itself:\n${appliance.output}`);
      await appliance.kill();
    }
    mortal.start();
    await callers;
    const ended = () => new Set(collector.on('/success').map(({ index }) => index)).size;
    await collector.until(() => ended() >= o.runs, o.patienceMs);
    // Duplicates that are still to come.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const successes = collector.on('/success');
    return {
      runs: simulator.runs.length,
      kills: o.kills,
      killedRunning,
      ends: successes.length,
      redelivered: successes.filter(({ redelivered }) => redelivered === true).length,
      wrong: lossesOf(simulator, collector, o.runs),
    };
  } finally {
    given.abort();
    await callers;
    await mortal.current?.kill();
    await simulator.close();
  }
}
