import { PAGE, type Page, type PlatformClient, totalOf } from './client.ts';
import type { Dataset, DatasetVersion, Uploaded } from './data-schemas.ts';
import { type FilePart, multipartOf } from './multipart.ts';
import { segment } from './urls.ts';

const schemas = async () => ({ ...(await import('./schemas.ts')), ...(await import('./data-schemas.ts')) });

const READS = 'role View';
const WRITES = 'role Launch';

/** Hidden ones too: their names are taken as well. The search is by part of the name. */
export async function datasetPage(
  client: PlatformClient,
  { search, max = PAGE, offset = 0 }: Page = {},
): Promise<{ datasets: Dataset[]; total: number }> {
  const what = 'Listing the datasets';
  const query = { search, max, offset, visibility: 'all' };
  const { body } = await client.request({ path: '/datasets', query, what, needs: READS });
  const { readAnswer, datasets } = await schemas();
  const answer = readAnswer(datasets, body, what);
  const list = answer.datasets ?? [];
  return { datasets: list, total: totalOf(answer.totalSize, offset, list.length, max) };
}

export async function datasetById(client: PlatformClient, id: string): Promise<Dataset> {
  const what = `Reading the dataset ${id}`;
  const { body } = await client.request({ path: `/datasets/${segment(id)}/metadata`, what, needs: READS });
  const { readAnswer, oneDataset } = await schemas();
  return readAnswer(oneDataset, body, what).dataset;
}

export async function datasetVersions(client: PlatformClient, dataset: Dataset): Promise<DatasetVersion[]> {
  const what = `Listing the versions of the dataset "${dataset.name}"`;
  const { body } = await client.request({ path: `/datasets/${segment(dataset.id)}/versions`, what, needs: READS });
  const { readAnswer, datasetVersions: schema } = await schemas();
  return readAnswer(schema, body, what).versions ?? [];
}

/** Empty: the file is uploaded as its first version. Not repeated after an unclear failure. @throws SEQERA_CONFLICT */
export async function createDataset(client: PlatformClient, name: string, description: string): Promise<Dataset> {
  const what = `Creating the dataset "${name}"`;
  const body = { name, description };
  const answer = await client.request({ method: 'POST', path: '/datasets', body, what, needs: WRITES });
  const { readAnswer, oneDataset } = await schemas();
  return readAnswer(oneDataset, answer.body, what).dataset;
}

/** A new version. Not repeated after an unclear failure. */
export async function uploadDataset(
  client: PlatformClient,
  dataset: Dataset,
  file: FilePart,
  header: boolean,
): Promise<Uploaded> {
  const what = `Uploading to the dataset "${dataset.name}"`;
  const { body } = await client.request({
    method: 'POST',
    path: `/datasets/${segment(dataset.id)}/upload`,
    // Said either way: the Platform takes a header for granted.
    query: { header },
    content: multipartOf('file', file),
    what,
    needs: WRITES,
  });
  const { readAnswer, uploaded } = await schemas();
  return readAnswer(uploaded, body, what);
}

/** The file as it was uploaded. A linked one comes from elsewhere, where the token is not sent. */
export async function downloadDataset(
  client: PlatformClient,
  dataset: Dataset,
  { version, fileName }: DatasetVersion,
): Promise<string> {
  const { body } = await client.request({
    path: `/datasets/${segment(dataset.id)}/v/${version}/n/${segment(fileName ?? dataset.name)}`,
    what: `Downloading version ${version} of the dataset "${dataset.name}"`,
    read: 'text',
    followAway: true,
    needs: READS,
  });
  return body as string;
}
