import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';
import { killAtRandom, seedOfTest } from '../support/kills.ts';

it('loses nothing of 200 runs over 50 kills at random moments', async () => {
  const seed = seedOfTest();
  console.log(`REDSTART_SEED=${seed} replays this`);
  const result = await killAtRandom(temporaryFolder(), {
    runs: 200,
    kills: 50,
    seed,
    longestLifeMs: 4000,
    runningFor: '20s',
    patienceMs: 240_000,
  });
  console.log(JSON.stringify({ test: 'random-kills', seed, ...result }));
  expect(result, `seed ${seed}`).toMatchObject({ runs: 200, wrong: [] });
}, 600_000);
