import { allPages, type PlatformClient } from './client.ts';
import { createStudio, studiosPage } from './client-studios.ts';
import { sleep } from './clock.ts';
import { SeqeraError, toSeqeraError } from './errors.ts';
import type { Studio } from './schemas.ts';
import type { PlainObject } from './typed-input.ts';

const TRIES = 4;
const PAUSE_MS = 1000;

/**
 * Creates one studio. Its name is unique in the workspace, so an unclear outcome is settled by it: a studio of that name,
 * where there was none before, is the one that was asked for; without one, asking again cannot make two.
 * @throws SEQERA_CONFLICT when there is one already
 */
export async function addStudio(
  client: PlatformClient,
  request: PlainObject & { name: string },
  autoStart: boolean,
  signal: AbortSignal,
): Promise<PlainObject> {
  const { name } = request;
  const existing = await studioNamed(client, name);
  if (existing) {
    throw new SeqeraError(
      'SEQERA_CONFLICT',
      `There is a studio named "${name}" already (${existing.sessionId}). Start it with Control studio, or choose another name.`,
    );
  }
  let doubtful = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await createStudio(client, request, autoStart);
    } catch (thrown) {
      const error = toSeqeraError(thrown);
      const unclear = error.outcome === 'unknown' && error.code !== 'SEQERA_STOPPED';
      if (!unclear && !(doubtful && error.status === 409)) throw error;
      const made = await studioNamed(client, name);
      if (made) return { studio: made };
      if (attempt >= TRIES) throw error;
      doubtful = true;
      await sleep(client.http.clock, PAUSE_MS * attempt, signal);
    }
  }
}

async function studioNamed(client: PlatformClient, name: string): Promise<Studio | undefined> {
  const found = await allPages((offset) => studiosPage(client, { search: name, offset }), 'Listing the studios');
  return found.find((studio) => studio.name === name);
}
