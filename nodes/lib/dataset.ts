import { allPages, PAGE, type PlatformClient } from './client.ts';
import { createDataset, datasetById, datasetPage, datasetVersions, uploadDataset } from './client-datasets.ts';
import type { Dataset, Uploaded } from './data-schemas.ts';
import { SeqeraError } from './errors.ts';
import type { FilePart } from './multipart.ts';
import { didYouMean } from './nearest.ts';

const ID = /^[0-9A-Za-z]{18,24}$/;

const every = (client: PlatformClient, search?: string): Promise<Dataset[]> =>
  allPages(async (offset) => {
    const { datasets, total } = await datasetPage(client, {
      offset,
      max: PAGE,
      ...(search === undefined ? {} : { search }),
    });
    return { items: datasets, total };
  }, 'Listing the datasets');

/** The dataset of exactly this name: names are unique in a workspace. */
async function named(client: PlatformClient, name: string): Promise<{ dataset: Dataset | undefined; all: Dataset[] }> {
  const fits = (dataset: Dataset) => dataset.name === name;
  const dataset = (await every(client, name)).find(fits);
  if (dataset) return { dataset, all: [] };
  // A name with characters that mean something to the search is found in the whole list.
  const all = await every(client);
  return { dataset: all.find(fits), all };
}

/** @throws SEQERA_NOT_FOUND with the nearest names */
export async function findDataset(client: PlatformClient, nameOrId: string): Promise<Dataset> {
  const { dataset, all } = await named(client, nameOrId);
  if (dataset) return dataset;
  const byId = all.find(({ id }) => id === nameOrId);
  if (byId) return byId;
  if (ID.test(nameOrId)) {
    const known = await datasetById(client, nameOrId).catch((error: unknown) => {
      // Of what is not there the Platform says that it may not be read.
      if (error instanceof SeqeraError && [400, 403, 404].includes(error.status ?? 0)) return undefined;
      throw error;
    });
    if (known) return known;
  }
  const hint = didYouMean(
    nameOrId,
    all.map(({ name }) => name),
  );
  const where = client.workspaceId === null ? 'the personal workspace' : `workspace ${client.workspaceId}`;
  throw new SeqeraError(
    'SEQERA_NOT_FOUND',
    `No dataset is named exactly "${nameOrId}", or has it as its id, in ${where}.${hint}`,
  );
}

export type OnExists = 'fail' | 'version';

export interface NewDataset {
  name: string;
  description: string;
  file: FilePart;
  header: boolean;
  onExists: OnExists;
}

/**
 * A dataset with the file in it. Making one and uploading to it are two calls: when the second one fails, an empty
 * dataset stays behind that holds the name, and the next try goes on with it.
 * @throws SEQERA_CONFLICT when there is one with a file in it and it must not get another version
 */
export async function addDataset(
  client: PlatformClient,
  { name, description, file, header, onExists }: NewDataset,
): Promise<{ dataset: Dataset; answer: Uploaded }> {
  const dataset = await createOrFind(client, name, description, onExists);
  return { dataset, answer: await uploadOnce(client, dataset, file, header) };
}

async function createOrFind(
  client: PlatformClient,
  name: string,
  description: string,
  onExists: OnExists,
): Promise<Dataset> {
  for (let attempt = 1; ; attempt += 1) {
    let failure: SeqeraError;
    try {
      return await createDataset(client, name, description);
    } catch (error) {
      // It is there already, or it was made and the answer was lost.
      if (!(error instanceof SeqeraError) || !(error.status === 409 || error.outcome === 'unknown')) throw error;
      failure = error;
    }
    const { dataset } = await named(client, name);
    if (dataset) return takeOver(client, dataset, onExists);
    if (failure.outcome !== 'unknown' || attempt > 1) throw failure;
  }
}

async function takeOver(client: PlatformClient, dataset: Dataset, onExists: OnExists): Promise<Dataset> {
  if (onExists === 'version') return dataset;
  if ((await datasetVersions(client, dataset)).length === 0) return dataset;
  throw new SeqeraError(
    'SEQERA_CONFLICT',
    `There is a dataset "${dataset.name}" already (${dataset.id}), and it has a file. Choose another name, or set "If it exists" to add a version.`,
    { status: 409 },
  );
}

/** After an unclear failure the versions show whether it took effect; only when it did not, it is uploaded again. */
async function uploadOnce(
  client: PlatformClient,
  dataset: Dataset,
  file: FilePart,
  header: boolean,
): Promise<Uploaded> {
  const latest = async () => (await datasetVersions(client, dataset)).sort((a, b) => b.version - a.version);
  const before = dataset.version ?? 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await uploadDataset(client, dataset, file, header);
    } catch (error) {
      if (!(error instanceof SeqeraError) || error.outcome !== 'unknown') throw error;
      const [newest] = await latest();
      const size = newest?.fileSize;
      if (newest && newest.version > before && (size === null || size === undefined || size === file.data.length))
        return { version: newest };
      if (attempt > 1) throw error;
    }
  }
}
