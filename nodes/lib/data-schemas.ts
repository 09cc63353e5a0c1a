import * as v from 'valibot';

// As in schemas.ts: only what is read, open to what the Platform adds.

const text = v.nullish(v.string());
const number = v.nullish(v.number());
const flag = v.nullish(v.boolean());

const dataLink = v.looseObject({
  id: v.string(),
  name: v.string(),
  description: text,
  resourceRef: v.string(),
  type: text,
  provider: text,
  credentials: v.nullish(v.array(v.looseObject({ id: text }))),
  status: text,
  message: text,
});
export const dataLinks = v.looseObject({ dataLinks: v.nullish(v.array(dataLink)), totalSize: number });
export const oneDataLink = v.looseObject({ dataLink });

const item = v.looseObject({ name: v.string(), type: text, size: number });
const page = v.looseObject({ objects: v.nullish(v.array(item)), nextPageToken: text });
const OF_PAGE = new Set(['objects', 'nextPageToken', 'originalPath']);
/** An empty folder may come without a list, and then without anything else: what is no page must not look like one. */
export const folderPage = v.pipe(
  page,
  v.check((body) => Boolean(body.objects) || Object.keys(body).every((key) => OF_PAGE.has(key)), 'a page of a folder'),
);

/** Its items can be a hundred thousand: they are checked as they are read. */
export const tree = v.looseObject({ items: v.nullish(v.array(v.unknown())) });

const dataset = v.looseObject({
  id: v.string(),
  name: v.string(),
  version: number,
  mediaType: text,
  description: text,
});
export const datasets = v.looseObject({ datasets: v.nullish(v.array(dataset)), totalSize: number });
export const oneDataset = v.looseObject({ dataset });

const version = v.looseObject({
  version: v.number(),
  url: text,
  fileName: text,
  fileSize: number,
  hasHeader: flag,
  mediaType: text,
  disabled: flag,
});
export const datasetVersions = v.looseObject({ versions: v.nullish(v.array(version)) });
export const uploaded = v.looseObject({ version });

export type DataLink = v.InferOutput<typeof dataLink>;
export type FolderItem = v.InferOutput<typeof item>;
export type Dataset = v.InferOutput<typeof dataset>;
export type DatasetVersion = v.InferOutput<typeof version>;
export type Uploaded = v.InferOutput<typeof uploaded>;
