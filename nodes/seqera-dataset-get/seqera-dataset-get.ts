import { datasetVersions, downloadDataset } from '../lib/client-datasets.ts';
import type { Dataset, DatasetVersion } from '../lib/data-schemas.ts';
import { findDataset } from '../lib/dataset.ts';
import { defineCallingNode } from '../lib/define-node.ts';
import { SeqeraError } from '../lib/errors.ts';
import { parseTable } from '../lib/table.ts';
import { flag, text, whole } from '../lib/typed-input.ts';

export default defineCallingNode({
  type: 'seqera-dataset-get',
  doing: 'reading',
  inputs: {
    datasetName: text({ required: true }),
    version: whole({ least: 1 }),
    parse: flag({ initial: false }),
  },
  async run({ client, inputs: { datasetName, version: wanted, parse } }) {
    const dataset = await findDataset(client, datasetName);
    const version = chooseVersion(dataset, await datasetVersions(client, dataset), wanted);
    const content = await downloadDataset(client, dataset, version);
    const payload = parse
      ? await parseTable(content, {
          tabs: (version.mediaType ?? dataset.mediaType ?? '').includes('tab-separated'),
          header: version.hasHeader === true,
          what: `Version ${version.version} of the dataset "${dataset.name}"`,
        })
      : content;
    return {
      set: { payload, datasetId: dataset.id, datasetUrl: version.url ?? undefined },
      status: `${dataset.name} version ${version.version}`,
    };
  },
});

function chooseVersion(
  { name }: Dataset,
  versions: readonly DatasetVersion[],
  wanted: number | undefined,
): DatasetVersion {
  const newestFirst = [...versions].sort((a, b) => b.version - a.version);
  const found =
    wanted === undefined
      ? (newestFirst.find(({ disabled }) => disabled !== true) ?? newestFirst[0])
      : newestFirst.find(({ version }) => version === wanted);
  if (found) return found;
  const there =
    newestFirst.length === 0
      ? 'it has none: its upload has failed, or is still to come'
      : `it has ${newestFirst.map(({ version }) => version).join(', ')}`;
  throw new SeqeraError(
    'SEQERA_NOT_FOUND',
    `The dataset "${name}" has no version${wanted === undefined ? '' : ` ${wanted}`}: ${there}.`,
  );
}
