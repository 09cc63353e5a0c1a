import { expect, it } from 'vitest';
import { temporaryFolder } from './support/folder.ts';
import { killAtRandom, seedOfTest } from './support/kills.ts';

it('loses nothing of 20 runs over 4 kills at random moments', async () => {
  const seed = seedOfTest();
  console.log(`REDSTART_SEED=${seed} replays this`);
  const result = await killAtRandom(temporaryFolder(), {
    runs: 20,
    kills: 4,
    seed,
    longestLifeMs: 2000,
    runningFor: '2s',
    patienceMs: 60_000,
  });
  expect(result, `seed ${seed}`).toMatchObject({ runs: 20, wrong: [] });
}, 120_000);
