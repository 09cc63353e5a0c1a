import { addDataset } from '../lib/dataset.ts';
import { defineCallingNode } from '../lib/define-node.ts';
import { invalidInput } from '../lib/errors.ts';
import { KeyedLock } from '../lib/keyed-lock.ts';
import { choice, flag, type InputSpec, text } from '../lib/typed-input.ts';

/** The Platform's limit. */
const MOST_BYTES = 10 * 1024 * 1024;

const CONTENT_TYPE = { csv: 'text/csv', tsv: 'text/tab-separated-values' };

/** A text or bytes as they are; anything else as JSON. */
const contents: InputSpec<Buffer> = {
  initial: 'payload',
  type: 'msg',
  read(value, name) {
    const bytes = bytesOf(value, name);
    if (bytes.length === 0) throw invalidInput(`${name} is empty: there is nothing to upload`);
    if (bytes.length > MOST_BYTES) {
      throw invalidInput(
        `${name} is ${(bytes.length / 1024 / 1024).toFixed(1)} MB, and a dataset takes at most ${MOST_BYTES / 1024 / 1024} MB`,
      );
    }
    return bytes;
  },
};

function bytesOf(value: unknown, name: string): Buffer {
  if (value === undefined || value === null) return Buffer.alloc(0);
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  try {
    return Buffer.from(JSON.stringify(value) ?? '');
  } catch (error) {
    throw invalidInput(`${name} cannot be written as JSON: ${(error as Error).message}`);
  }
}

/** Two messages of one name at once: the second one meets a dataset, not half of one. */
const lock = new KeyedLock();

export default defineCallingNode({
  type: 'seqera-dataset-add',
  doing: 'adding',
  inputs: {
    datasetName: text({ required: true }),
    fileContents: contents,
    description: text(),
    fileType: choice('csv', 'tsv'),
    hasHeader: flag({ initial: false }),
    onExists: choice('fail', 'version'),
  },
  async run({
    client,
    inputs: { datasetName: name, fileContents, description, fileType, hasHeader: header, onExists },
  }) {
    const file = {
      // The Platform's address of the file ends in it.
      fileName: `${name.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 80)}.${fileType}`,
      contentType: CONTENT_TYPE[fileType],
      data: fileContents,
    };
    const key = JSON.stringify([client.baseUrl, client.workspaceId, name]);
    const { dataset, answer } = await lock.run(key, () =>
      addDataset(client, { name, description, file, header, onExists }),
    );
    return {
      set: { payload: answer, datasetId: dataset.id, datasetUrl: answer.version.url ?? undefined },
      status: `${name} version ${answer.version.version}`,
    };
  },
});
