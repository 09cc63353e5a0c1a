import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { dyingAt } from './support/crashing.ts';
import { EditorSession, withEditor } from './support/editor.ts';
import { node, tab } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';

const nodesOf = (folder: string, file: string): string[] =>
  (JSON.parse(readFileSync(join(folder, 'flows', file), 'utf8')) as { id: string; z?: string }[]).map(({ id }) => id);

it.each([
  ['when all is written beside and nothing is renamed', 'flows.staged'],
  ['between two renames', 'flows.renamed#1'],
])('a deploy that moves a node between files is whole after kill -9 %s', async (_when, point) => {
  const folder = temporaryFolder();
  const moved = node('comment', { name: 'moves' });
  const stays = node('comment', { name: 'stays' });
  const flows = { 'a.json': tab([moved], 'ta', 'A'), 'b.json': tab([stays], 'tb', 'B') };
  {
    await using appliance = await Appliance.start({ folder, flows, env: { ...withEditor, ...dyingAt(point) } });
    const session = await EditorSession.signIn(appliance);
    const deployed = (await session.flows()).map((each) => (each.id === moved.id ? { ...each, z: 'tb' } : each));
    await session.call('POST', '/flows', deployed).catch(() => null);
    await appliance.exited;
  }
  await using again = await Appliance.start({ folder, env: withEditor });
  const session = await EditorSession.signIn(again);
  expect((await session.flows()).find(({ id }) => id === moved.id)?.z).toBe('tb');
  expect(nodesOf(folder, 'a.json')).toEqual(['ta']);
  expect(nodesOf(folder, 'b.json').sort()).toEqual(['tb', moved.id, stays.id].sort());
  expect(readdirSync(join(folder, 'flows')).sort()).toEqual(['a.json', 'b.json']);
});
