import { describe, expect, it } from 'vitest';
import type { Appliance } from '../support/appliance.ts';
import { type FlowNode, node, wire } from '../support/flows.ts';
import { asCaller, platform } from '../support/platform.ts';
import { postgresPrograms, startPostgres } from '../support/postgres.ts';
import { ReplicaSet } from '../support/replicas.ts';

const TABS = 12;

/** Each tab counts the calls of its own endpoint, in its own context. */
function countingTabs(): FlowNode[] {
  return Array.from({ length: TABS }, (_, index) => {
    const input = node('http in', { url: `/tab${index}/:any`, method: 'get' });
    const count = node('function', {
      func: "const n = (flow.get('n') || 0) + 1; flow.set('n', n); msg.payload = String(n); return msg;",
    });
    const answer = node('http response', {});
    wire(input, [count]);
    wire(count, [answer]);
    const id = `tab-${index}`;
    return [{ id, type: 'tab', label: `Tab ${index}` }, ...[input, count, answer].map((each) => ({ ...each, z: id }))];
  }).flat();
}

/** The shards that it says it leads, by its last word. */
function shardsOf(appliance: Appliance): number[] {
  const said = appliance.lines.findLast(({ msg }) => /^(?:leading|giving) shards/.test(msg));
  return (said?.leads ?? []) as number[];
}

describe.skipIf(!postgresPrograms())('flows spread over several leaders', () => {
  it('are each run by one, answered by all, and taken over with what they remember', async () => {
    await using postgres = await startPostgres();
    await using replicas = new ReplicaSet();
    const simulator = await platform();
    const setup = {
      simulator,
      flows: { 'main.json': countingTabs() },
      database: postgres.url,
      env: { REDSTART_SHARDS: '6', REDSTART_LEASE_SECONDS: '2' },
    };
    const calls = new Map<number, number>();
    const callAll = async (appliance: Appliance): Promise<void> => {
      for (let index = 0; index < TABS; index += 1) {
        const expected = (calls.get(index) ?? 0) + 1;
        // Between two leaders a tab is run by nobody for a moment, and says so.
        await expect
          .poll(
            async () => {
              const answer = await appliance.fetch(`/api/tab${index}/x`, { headers: asCaller });
              return answer.status === 200 ? await answer.text() : answer.status;
            },
            { timeout: 15_000, interval: 100 },
          )
          .toBe(String(expected));
        calls.set(index, expected);
      }
    };
    const settled = (...among: Appliance[]) =>
      expect
        .poll(() => among.map(shardsOf).map(({ length }) => length), { timeout: 15_000 })
        .toEqual(among.map(() => 6 / among.length));

    const first = await replicas.start(setup);
    await settled(first);
    await callAll(first);
    const second = await replicas.start(setup);
    await settled(first, second);
    expect([...shardsOf(first), ...shardsOf(second)].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    await callAll(first);
    await callAll(second);
    const third = await replicas.start(setup);
    await settled(first, second, third);
    await callAll(third);
    await first.kill();
    await settled(second, third);
    await callAll(second);
    await second.stop();
    await settled(third);
    await callAll(third);
    await simulator.close();
  });
});
