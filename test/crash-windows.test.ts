import { describe, expect, it } from 'vitest';
import { Collector } from './support/collector.ts';
import { dyingAt, launchAndFollow, lossesOf, Mortal } from './support/crashing.ts';
import { temporaryFolder } from './support/folder.ts';
import { platform } from './support/platform.ts';

const soon = { runs: [{ submittedFor: '300ms', runningFor: '1s' }] };

describe('kill -9 while one run is launched and followed', () => {
  it.each([
    ['when the message is being stored', 'store.commit#1', undefined],
    ['when the intention is on disk and nothing was sent', 'launch.intended', undefined],
    ['after the answer to the launch', 'launch.answered', undefined],
    ['before the launch goes on', 'launch.stored', true],
    ['after the launch went on', 'launch.sent', true],
    ['in the middle of a store write', 'store.commit#4', undefined],
    ['after the check that saw the end', 'watch.ended', undefined],
    ['before the end goes on', 'watch.ending', true],
    ['between the end and what is saved about it', 'watch.sent', true],
  ])('%s', async (_when, point, redelivered) => {
    await using collector = await Collector.listen();
    const simulator = await platform({ scenario: soon });
    await using mortal = await Mortal.create(simulator, temporaryFolder(), { 'main.json': launchAndFollow(collector) });
    const first = mortal.start(dyingAt(point));
    const asked = mortal.ask('/api/launch', { index: 0 });
    await first.exited;
    mortal.start();
    await asked;
    await collector.until(() => collector.on('/success').length > 0);
    expect(lossesOf(simulator, collector, 1)).toEqual([]);
    if (redelivered) {
      await collector.until(() => collector.on('/success').some((message) => message.redelivered === true));
    }
    await simulator.close();
  });

  it('when the launch has left and its answer has not come', async () => {
    await using collector = await Collector.listen();
    const simulator = await platform({
      scenario: {
        ...soon,
        faults: [{ match: { path: '/workflow/launch$' }, kind: 'hang', effect: true, times: 1 }],
      },
    });
    await using mortal = await Mortal.create(simulator, temporaryFolder(), { 'main.json': launchAndFollow(collector) });
    const first = mortal.start();
    const asked = mortal.ask('/api/launch', { index: 0 });
    while (simulator.runs.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await first.kill();
    mortal.start();
    await asked;
    await collector.until(() => collector.on('/success').length > 0);
    expect(lossesOf(simulator, collector, 1)).toEqual([]);
    expect(collector.on('/success')).toMatchObject([{ workflowId: simulator.runs[0]?.id }]);
    await simulator.close();
  });
});
