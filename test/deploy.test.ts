import { expect, it } from 'vitest';
import { Collector } from './support/collector.ts';
import { EditorSession, withEditor } from './support/editor.ts';
import { temporaryFolder } from './support/folder.ts';
import { platform } from './support/platform.ts';
import { Watched } from './support/watched.ts';

it('keeps every watch over full deploys, one after the other', async () => {
  await using collector = await Collector.listen();
  const simulator = await platform({ scenario: { runs: [{ end: 'NEVER' }] }, rateLimit: false });
  const watched = await Watched.start({
    simulator,
    collector,
    folder: temporaryFolder(),
    runs: 25,
    endpoint: simulator.url,
    env: withEditor,
  });
  await using appliance = watched.appliance;
  const session = await EditorSession.signIn(appliance);
  for (const name of ['once', 'twice']) {
    const flows = await session.flows();
    const started = appliance.lines.filter(({ msg }) => msg === 'flows started').length;
    const deployed = flows.map((each) => (each.type === 'tab' ? { ...each, info: name } : each));
    expect((await session.call('POST', '/flows', deployed)).status).toBe(204);
    await appliance.until(
      () => appliance.lines.filter(({ msg }) => msg === 'flows started').length > started,
      'the flows of the deploy',
    );
  }
  await watched.untilAllSeen();
  await watched.end();
  expect(collector.on('/success')).toHaveLength(25);
  expect(collector.on('/success').some(({ redelivered }) => redelivered === true)).toBe(false);
  expect(collector.on('/errors')).toEqual([]);
  expect(await appliance.stop()).toBe(0);
  await simulator.close();
});
