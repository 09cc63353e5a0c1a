import type { PlatformClient } from './client.ts';
import { SeqeraError } from './errors.ts';
import { didYouMean } from './nearest.ts';
import type { ComputeEnv } from './schemas.ts';

/** The compute environment of exactly this id or name. @throws SEQERA_NOT_FOUND with the nearest names */
export async function findComputeEnv(client: PlatformClient, nameOrId: string): Promise<ComputeEnv> {
  const all = await client.computeEnvs();
  const found = all.find(({ id }) => id === nameOrId) ?? all.find(({ name }) => name === nameOrId);
  if (found) return found;
  const names = all.map(({ name }) => name);
  const hint = didYouMean(nameOrId, names);
  const none = all.length === 0 ? ' There are none in this workspace: check the workspace.' : '';
  throw new SeqeraError(
    'SEQERA_NOT_FOUND',
    `No compute environment has exactly the name or id "${nameOrId}".${hint}${none}`,
  );
}
