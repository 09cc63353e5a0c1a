import { allPages, PAGE, type PlatformClient } from './client.ts';
import { SeqeraError } from './errors.ts';
import { didYouMean } from './nearest.ts';
import type { Pipeline } from './schemas.ts';
import { singleFlightOf } from './single-flight.ts';

export interface LaunchpadPipeline {
  pipeline: Pipeline;
  /** The workspace that shares it, when that is another one. */
  sourceWorkspaceId: string | undefined;
}

/**
 * The pipeline of exactly this name, of the workspace or shared with it. The Platform searches by part of the name, so
 * what it finds is only where to look. @throws SEQERA_NOT_FOUND with the nearest names, SEQERA_AMBIGUOUS_NAME
 */
export function findPipeline(
  client: PlatformClient,
  name: string,
  sourceWorkspaceId?: string,
  signal?: AbortSignal,
): Promise<LaunchpadPipeline> {
  const key = JSON.stringify(['pipeline', client.workspaceId, name, sourceWorkspaceId ?? '']);
  return singleFlightOf(client.http).do(key, () => find(client, name, sourceWorkspaceId), signal);
}

async function find(
  client: PlatformClient,
  name: string,
  sourceWorkspaceId: string | undefined,
): Promise<LaunchpadPipeline> {
  const list = (search?: string) =>
    allPages(async (offset) => {
      const { pipelines, total } = await client.pipelines({
        offset,
        max: PAGE,
        ...(search === undefined ? {} : { search }),
      });
      return { items: pipelines, total };
    }, 'Listing the launchpad');
  const own = (pipeline: Pipeline) => String(pipeline.workspaceId ?? '') === (client.workspaceId ?? '');
  const fits = (pipeline: Pipeline) =>
    pipeline.name === name &&
    (sourceWorkspaceId === undefined || String(pipeline.workspaceId ?? '') === sourceWorkspaceId);

  const found = (await list(name)).filter(fits);
  // A name with characters that mean something to the search is found in the whole list.
  const all = found.length > 0 ? [] : await list();
  const exact = found.length > 0 ? found : all.filter(fits);
  const mine = exact.filter(own);
  const [chosen, ...others] = mine.length > 0 ? mine : exact;
  if (!chosen) throw notFound(name, all, client.workspaceId);
  if (others.length > 0) {
    const places = exact.map(
      ({ workspaceId, workspaceName }) => `${workspaceName ?? 'workspace'} (${workspaceId ?? 'personal'})`,
    );
    throw new SeqeraError(
      'SEQERA_AMBIGUOUS_NAME',
      `Several workspaces share a pipeline "${name}": ${places.join(', ')}. Say which one in sourceWorkspaceId.`,
    );
  }
  return { pipeline: chosen, sourceWorkspaceId: own(chosen) ? undefined : idOf(chosen.workspaceId) };
}

const idOf = (id: number | null | undefined): string | undefined =>
  id === null || id === undefined ? undefined : String(id);

function notFound(name: string, all: Pipeline[], workspaceId: string | null): SeqeraError {
  const where = workspaceId === null ? 'the personal workspace' : `workspace ${workspaceId}`;
  const hint = didYouMean(
    name,
    all.map((pipeline) => pipeline.name),
  );
  const count = all.length === 0 ? ' It has no pipelines: check the workspace.' : '';
  return new SeqeraError(
    'SEQERA_NOT_FOUND',
    `No pipeline is named exactly "${name}" on the launchpad of ${where}.${hint}${count}`,
  );
}
