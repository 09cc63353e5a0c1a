import { allPages, PAGE, type PlatformClient } from './client.ts';
import { invalidInput, SeqeraError } from './errors.ts';
import { singleFlightOf } from './single-flight.ts';

/** The Platform's limit of labels on one thing. */
const MOST_LABELS = 25;
const NAME = /^[\p{L}\p{N}](?:[-_]?[\p{L}\p{N}])+$/u;

/** Ids of simple labels by name, upper or lower case alike; what does not exist is created. */
export async function labelIds(
  client: PlatformClient,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<number[]> {
  const wanted = new Map(names.map((name) => [name.toLowerCase(), name]));
  if (wanted.size > MOST_LABELS)
    throw invalidInput(`There are ${wanted.size} labels, and a run takes at most ${MOST_LABELS}`);
  const flight = singleFlightOf(client.http);
  const ids: number[] = [];
  for (const [low, name] of wanted) {
    const key = JSON.stringify(['label', client.workspaceId, low]);
    ids.push(await flight.do(key, () => findOrCreate(client, name), signal));
  }
  return ids;
}

async function findOrCreate(client: PlatformClient, name: string): Promise<number> {
  const known = await find(client, name);
  if (known !== undefined) return known;
  if (name.length < 2 || name.length > 39 || !NAME.test(name)) {
    throw invalidInput(
      `The label "${name}" does not exist and cannot be created: 2 to 39 letters and digits, with single - or _ inside`,
    );
  }
  try {
    return (await client.createLabel(name)).id;
  } catch (error) {
    if (!(error instanceof SeqeraError) || error.status === 401) throw error;
    // Someone else made it meanwhile, or it was made and the answer was lost.
    const made = await find(client, name);
    if (made !== undefined) return made;
    if (error.outcome === 'unknown') return (await client.createLabel(name)).id;
    if (error.status !== 403) throw error;
    throw new SeqeraError(
      'SEQERA_FORBIDDEN',
      `The label "${name}" does not exist, and the token's user may not create it: that takes role Maintain in the workspace. Create it once, or use an existing label.`,
      { status: 403 },
    );
  }
}

async function find(client: PlatformClient, name: string): Promise<number | undefined> {
  const labels = await allPages(async (offset) => {
    const page = await client.labels({ search: name, max: PAGE, offset });
    return { items: page.labels, total: page.total };
  }, 'Listing the labels');
  // Resource labels have names too; they are asked out of the list, and an older Platform may not listen.
  return labels.find((label) => label.resource !== true && label.name.toLowerCase() === name.toLowerCase())?.id;
}
