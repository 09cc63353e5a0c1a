import { findDataLink } from '../lib/data-link.ts';
import { defineCallingNode } from '../lib/define-node.ts';
import { counted, DEFAULT_MAX, listingInputs, outputOf } from '../lib/listing-inputs.ts';
import { type DataObject, listObjects } from '../lib/object-listing.ts';

export default defineCallingNode({
  type: 'seqera-datalink-list',
  doing: 'listing',
  inputs: listingInputs,
  async run({ host, client, inputs }) {
    const { dataLinkName, maxResults = DEFAULT_MAX, depth = 0, ...filters } = inputs;
    const dataLink = await findDataLink(client, dataLinkName, { signal: host.signal });
    const objects: DataObject[] = [];
    const batches = listObjects(client, {
      ...filters,
      dataLink,
      depth,
      most: maxResults,
      signal: host.signal,
      onUnreachable: (folder) =>
        host.node.warn(
          `The folder ${JSON.stringify(folder)} of "${dataLink.name}" cannot be listed: no address names it`,
        ),
    });
    for await (const batch of batches) {
      for (const object of batch.slice(0, maxResults - objects.length)) objects.push(object);
      if (objects.length >= maxResults) break;
    }
    const full = objects.length === maxResults ? ' (maxResults)' : '';
    return { set: outputOf(dataLink, objects), status: counted(objects.length, 'object') + full };
  },
});
