import { PAGE, type PlatformClient } from './client.ts';
import type { Workflow } from './schemas.ts';
import { singleFlightOf } from './single-flight.ts';

/**
 * Runs of exactly this name. The search by name is asked first; where it finds nothing the newest runs are read as
 * well, because on some installations the search does less than it says and here a miss would mean a second launch.
 */
export async function runsNamed(client: PlatformClient, runName: string): Promise<Workflow[]> {
  const named = (list: { workflows?: { workflow: Workflow }[] | null | undefined }) =>
    (list.workflows ?? []).map(({ workflow }) => workflow).filter((workflow) => workflow.runName === runName);
  const found = named(await client.runs({ search: `runName:${runName}`, max: PAGE }));
  if (found.length > 0) return found;
  return named(await newestRuns(client));
}

/** Asked for once by all that ask at the same time. */
const newestRuns = (client: PlatformClient) =>
  singleFlightOf(client.http).do(`newest runs ${client.workspaceId ?? ''}`, () => client.runs({ max: PAGE }));
