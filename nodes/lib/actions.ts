import type { PlatformClient } from './client.ts';
import { listActions } from './client-actions.ts';
import { SeqeraError } from './errors.ts';
import { didYouMean } from './nearest.ts';
import type { Action } from './schemas.ts';

/** The action of exactly this id or name. @throws SEQERA_NOT_FOUND with the nearest names, SEQERA_AMBIGUOUS_NAME */
export async function findAction(client: PlatformClient, nameOrId: string): Promise<Action> {
  const all = await listActions(client);
  const byId = all.find(({ id }) => id === nameOrId);
  const [found, ...others] = byId ? [byId] : all.filter(({ name }) => name === nameOrId);
  if (found && others.length === 0) return found;
  if (found) {
    const ids = [found, ...others].map(({ id }) => id).join(', ');
    throw new SeqeraError(
      'SEQERA_AMBIGUOUS_NAME',
      `${others.length + 1} actions are named exactly "${nameOrId}": ${ids}. Name it by its id.`,
    );
  }
  const names = all.flatMap(({ name }) => (name ? [name] : []));
  const hint = didYouMean(nameOrId, names);
  const none = all.length === 0 ? ' There are none in this workspace: check the workspace.' : '';
  throw new SeqeraError('SEQERA_NOT_FOUND', `No action has exactly the name or id "${nameOrId}".${hint}${none}`);
}
