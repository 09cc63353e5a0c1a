import { PAGE, type PlatformClient } from './client.ts';
import { dataLinkById, dataLinkPage } from './client-data-links.ts';
import { sleep } from './clock.ts';
import type { DataLink } from './data-schemas.ts';
import { SeqeraError } from './errors.ts';
import { didYouMean } from './nearest.ts';
import { singleFlightOf } from './single-flight.ts';

const ID = /^v1-[a-z]+-[0-9a-f]{32}$/;
/** As long as the Platform takes to look through many buckets. */
const PATIENCE_MS = 180_000;
const FIRST_PAUSE_MS = 2_000;
const STEP_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const MOST_PAGES = 200;

export interface FindOptions {
  signal?: AbortSignal | undefined;
  /** How long to wait while the Platform still looks for buckets. */
  patienceMs?: number;
}

/**
 * The data link of exactly this name or id. The Platform searches by part of the name, so what it finds is only where to
 * look; and while it still looks for buckets (202), the one that is meant, or another one of its name, can be missing.
 * @throws SEQERA_NOT_FOUND with the nearest names, SEQERA_AMBIGUOUS_NAME, SEQERA_TIMEOUT
 */
export function findDataLink(
  client: PlatformClient,
  nameOrId: string,
  { signal, patienceMs = PATIENCE_MS }: FindOptions = {},
): Promise<DataLink> {
  const key = JSON.stringify(['data link', client.workspaceId, nameOrId, patienceMs]);
  return singleFlightOf(client.http).do(key, () => find(client, nameOrId, patienceMs, signal), signal);
}

async function find(
  client: PlatformClient,
  nameOrId: string,
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<DataLink> {
  if (ID.test(nameOrId)) {
    const found = await dataLinkById(client, nameOrId).catch((error: unknown) => {
      // A name can look like an id; and the list says more on what is there.
      if (error instanceof SeqeraError && (error.status === 404 || error.status === 400)) return undefined;
      throw error;
    });
    if (found) return found;
  }
  const { clock } = client.http;
  const until = clock.monotonic() + patienceMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause + STEP_MS, LONGEST_PAUSE_MS)) {
    const { exact, all, loading } = await look(client, nameOrId);
    if (!loading) return theOne(exact, all, nameOrId, client.workspaceId);
    const left = until - clock.monotonic();
    if (left <= 0) return stillLoading(exact, nameOrId);
    await sleep(clock, Math.min(pause, left), signal);
  }
}

interface Seen {
  exact: DataLink[];
  all: DataLink[];
  loading: boolean;
}

async function look(client: PlatformClient, nameOrId: string): Promise<Seen> {
  const fits = ({ name, id }: DataLink) => name === nameOrId || id === nameOrId;
  const found = await every(client, nameOrId);
  const exact = found.all.filter(fits);
  if (exact.length > 0 || found.loading) return { ...found, exact };
  // A name with characters that mean something to the search is found in the whole list.
  const list = await every(client);
  return { ...list, exact: list.all.filter(fits) };
}

async function every(client: PlatformClient, search?: string): Promise<{ all: DataLink[]; loading: boolean }> {
  const all: DataLink[] = [];
  let loading = false;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await dataLinkPage(client, {
      offset: all.length,
      max: PAGE,
      ...(search === undefined ? {} : { search }),
    });
    all.push(...answer.dataLinks);
    loading ||= answer.loading;
    if (answer.dataLinks.length === 0 || all.length >= answer.total) return { all, loading };
  }
  throw new SeqeraError('SEQERA_ANSWER_TOO_LARGE', `The list of data links does not end after ${all.length} entries.`);
}

function theOne(exact: DataLink[], all: DataLink[], nameOrId: string, workspaceId: string | null): DataLink {
  const [chosen, ...others] = exact;
  if (chosen && others.length === 0) return chosen;
  if (chosen) {
    const places = exact.map(({ id, provider, resourceRef }) => `${id} (${provider ?? '?'}, ${resourceRef})`);
    throw new SeqeraError(
      'SEQERA_AMBIGUOUS_NAME',
      `${exact.length} data links are named exactly "${nameOrId}": ${places.join(', ')}. Name it by its id.`,
    );
  }
  const where = workspaceId === null ? 'the personal workspace' : `workspace ${workspaceId}`;
  const hint = didYouMean(
    nameOrId,
    all.map(({ name }) => name),
  );
  const none = all.length === 0 ? ' It has no data links: check the workspace.' : '';
  throw new SeqeraError(
    'SEQERA_NOT_FOUND',
    `No data link is named exactly "${nameOrId}", or has it as its id, in ${where}.${hint}${none}`,
  );
}

function stillLoading([chosen, ...others]: DataLink[], name: string): DataLink {
  if (chosen && others.length === 0) return chosen;
  throw new SeqeraError(
    'SEQERA_TIMEOUT',
    `The data link "${name}" cannot be found yet: the Platform is still looking through the buckets. Try again later.`,
    { transient: true },
  );
}
