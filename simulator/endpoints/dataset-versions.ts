import type { Dataset, DatasetVersion } from '../datasets/dataset.ts';
import { versionBody } from '../datasets/dataset-bodies.ts';
import { ApiError, badRequest, forbidden, notFound } from '../errors.ts';
import type { Part } from '../multipart.ts';
import { cut, flag, matchesName, page, text } from '../query.ts';
import { noContent, ok, type Request, type Route } from '../router.ts';
import { requestedDataset } from './datasets.ts';
import { CONTENT_MAX_FILE_SIZE } from './identity.ts';

const MEDIA_TYPES = ['text/csv', 'text/tab-separated-values'];
const VERSIONS_PER_DATASET = 100;

/** The file of an upload, and its media type. @throws ApiError */
function uploadedFile(parts: readonly Part[]): { file: Part; fileName: string; mediaType: string } {
  const file = parts.find(({ name, fileName }) => name === 'file' && fileName !== undefined);
  if (!file?.fileName) throw badRequest('Required argument [CompletedFileUpload file] not specified');
  if (file.content.length > CONTENT_MAX_FILE_SIZE)
    throw new ApiError(413, {
      message: `The part named [file] exceeds the maximum allowed content length [${CONTENT_MAX_FILE_SIZE}]`,
    });
  const mediaType = (file.contentType ?? 'application/octet-stream').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!MEDIA_TYPES.includes(mediaType))
    throw badRequest(
      `Given file is not a dataset file. Detected media type: '${mediaType}'. Allowed types: '${MEDIA_TYPES.join(', ')}'`,
    );
  return { file, fileName: file.fileName, mediaType };
}

function upload(request: Request) {
  const { platform, query, parts, baseUrl, now } = request;
  const dataset = requestedDataset(request, 'dataset:write');
  const hasHeader = flag(query, 'header') ?? true;
  const { file, fileName, mediaType } = uploadedFile(parts);
  const [first] = dataset.versions;
  if (first && first.mediaType !== mediaType)
    throw badRequest(
      `Dataset media type '${mediaType}' does not match that of the first version, '${first.mediaType}'`,
    );
  if (dataset.versions.length >= VERSIONS_PER_DATASET)
    throw badRequest(`The maximum number of versions per dataset has been reached (${VERSIONS_PER_DATASET})`);
  const version: DatasetVersion = {
    version: dataset.versions.length + 1,
    fileName,
    mediaType,
    hasHeader,
    // A copy: the part is a view of the whole request.
    content: Buffer.from(file.content),
    createdAt: now,
    disabled: false,
  };
  dataset.versions.push(version);
  dataset.updatedAt = now;
  return ok({ version: versionBody(dataset, version, platform.seed.user, baseUrl) });
}

function list(request: Request) {
  const { platform, query, baseUrl } = request;
  const dataset = requestedDataset(request, 'dataset:read');
  const mimeType = text(query, 'mimeType');
  // The newest first, as lists of the Platform are.
  const found = dataset.versions.filter(({ mediaType }) => mimeType === undefined || mediaType === mimeType).reverse();
  return ok({
    versions: found.map((version) => versionBody(dataset, version, platform.seed.user, baseUrl)),
    totalSize: found.length,
  });
}

/** The latest of each dataset; those without a version have none. */
function latest({ platform, query, principal, baseUrl }: Request) {
  const { workspace } = platform.access(query, principal, 'dataset:read');
  const limits = page(query, 'Dataset versions', 100);
  const mimeType = text(query, 'mimeType');
  const matches = matchesName(text(query, 'search'));
  const found = platform.datasets
    .inWorkspace(workspace)
    .filter(({ name, hidden }) => matches(name) && !hidden)
    .flatMap((dataset) => dataset.versions.slice(-1).map((version) => ({ dataset, version })))
    .filter(({ version }) => mimeType === undefined || version.mediaType === mimeType);
  return ok({
    versions: cut(found, limits).map((one) => versionBody(one.dataset, one.version, platform.seed.user, baseUrl)),
    totalSize: found.length,
  });
}

function requestedVersion(dataset: Dataset, { params }: Request): DatasetVersion {
  const version = dataset.versions.find((one) => String(one.version) === params.version);
  if (version) return version;
  throw notFound(`Dataset version '${params.version}' not found`);
}

function file(dataset: Dataset, request: Request) {
  const version = requestedVersion(dataset, request);
  const { fileName } = request.params;
  if (fileName !== version.fileName) throw notFound(`Dataset file '${fileName}' not found`);
  const { content } = version;
  return { status: 200, content: { type: 'application/octet-stream', size: content.length, chunks: [content] } };
}

/** The address in `url`, which pipelines fetch: the workspace is in the path. */
function fileByUrl(request: Request) {
  const { params, platform, principal } = request;
  const query = new URLSearchParams({ workspaceId: params.workspaceId ?? '' });
  const { workspace } = platform.access(query, principal, 'dataset:read');
  const dataset = platform.datasets.inWorkspace(workspace).find(({ id }) => id === params.datasetId);
  if (!dataset) throw forbidden();
  return file(dataset, request);
}

function disable(request: Request) {
  const dataset = requestedDataset(request, 'dataset:admin');
  requestedVersion(dataset, request).disabled = true;
  return noContent();
}

export const datasetVersionRoutes: readonly Route[] = [
  { method: 'GET', template: '/datasets/versions', handle: latest },
  { method: 'POST', template: '/datasets/{datasetId}/upload', handle: upload },
  { method: 'GET', template: '/datasets/{datasetId}/versions', handle: list },
  { method: 'POST', template: '/datasets/{datasetId}/versions/{version}/disable', handle: disable },
  {
    method: 'GET',
    template: '/datasets/{datasetId}/v/{version}/n/{fileName}',
    handle: (request) => file(requestedDataset(request, 'dataset:read'), request),
  },
];

/** Not in the specification, and in every `url` that the Platform gives. */
export const DATASET_URL = '/workspaces/{workspaceId}/datasets/{datasetId}/v/{version}/n/{fileName}';
export const datasetUrlRoutes: readonly Route[] = [{ method: 'GET', template: DATASET_URL, handle: fileByUrl }];
