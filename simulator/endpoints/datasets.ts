import type { Dataset } from '../datasets/dataset.ts';
import { datasetBody } from '../datasets/dataset-bodies.ts';
import type { Workspace } from '../entities.ts';
import { badRequest, conflict, forbidden } from '../errors.ts';
import type { Permission } from '../principals.ts';
import { attributes, cut, matchesName, oneOf, page, text } from '../query.ts';
import { noContent, ok, type Request, type Route } from '../router.ts';
import { asObject } from '../values.ts';

const LONGEST_NAME = 100;
/** Hidden ones do not count. */
const DATASETS_PER_WORKSPACE = 1000;

const ORDERS = {
  name: (a: Dataset, b: Dataset) => a.name.localeCompare(b.name),
  modified: (a: Dataset, b: Dataset) => a.updatedAt - b.updatedAt,
  used: (a: Dataset, b: Dataset) => a.createdAt - b.createdAt,
};

function list({ platform, query, principal }: Request) {
  const { workspace } = platform.access(query, principal, 'dataset:read');
  const limits = page(query, 'Datasets', 100);
  const withLabels = attributes(query, ['labels'] as const).has('labels');
  const visibility = oneOf(query, 'visibility', ['visible', 'hidden', 'all'] as const) ?? 'visible';
  const order = oneOf(query, 'sortBy', ['name', 'modified', 'used'] as const);
  const matches = matchesName(text(query, 'search'));
  const found = platform.datasets
    .inWorkspace(workspace)
    .filter(({ name, hidden }) => matches(name) && (visibility === 'all' || hidden === (visibility === 'hidden')));
  if (order) found.sort(ORDERS[order]);
  if (oneOf(query, 'sortDir', ['asc', 'desc'] as const) === 'desc') found.reverse();
  return ok({
    datasets: cut(found, limits).map((dataset) => datasetBody(dataset, platform.seed.user, withLabels)),
    totalSize: found.length,
  });
}

function checkedName({ platform }: Request, workspace: Workspace, name: unknown, itself?: Dataset): string {
  if (typeof name !== 'string' || name.trim() === '') throw badRequest('Dataset name cannot be empty');
  if (name.length > LONGEST_NAME) throw badRequest(`Dataset name cannot be longer than ${LONGEST_NAME} characters`);
  if (platform.datasets.inWorkspace(workspace).some((one) => one !== itself && one.name === name))
    throw conflict(`A dataset with name '${name}' exists already`);
  return name;
}

function create(request: Request) {
  const { platform, query, principal, body, now } = request;
  const { workspace } = platform.access(query, principal, 'dataset:write');
  const { name, description, sourceType } = asObject(body);
  if (sourceType !== undefined && sourceType !== null && sourceType !== 'UPLOADED')
    throw badRequest(`The simulator has no datasets of source type ${String(sourceType)}`);
  const checked = checkedName(request, workspace, name);
  if (platform.datasets.inWorkspace(workspace).filter(({ hidden }) => !hidden).length >= DATASETS_PER_WORKSPACE)
    throw badRequest(`The maximum number of datasets per workspace has been reached (${DATASETS_PER_WORKSPACE})`);
  const dataset: Dataset = {
    id: platform.random.id(22),
    name: checked,
    description: typeof description === 'string' ? description : '',
    workspace,
    hidden: false,
    labels: [],
    createdAt: now,
    updatedAt: now,
    versions: [],
  };
  platform.datasets.add(dataset);
  return ok({ dataset: datasetBody(dataset, platform.seed.user, false) });
}

/** The dataset that the path names. @throws ApiError 403 for one that is not there, or in another workspace */
export function requestedDataset({ platform, query, principal, params }: Request, permission: Permission): Dataset {
  const { workspace } = platform.access(query, principal, permission);
  return known(platform.datasets.all, workspace, params.datasetId ?? '');
}

function known(all: readonly Dataset[], workspace: Workspace, id: unknown): Dataset {
  const dataset = all.find((one) => one.id === id);
  if (dataset?.workspace !== workspace) throw forbidden();
  return dataset;
}

function describe(request: Request) {
  const dataset = requestedDataset(request, 'dataset:read');
  const withLabels = attributes(request.query, ['labels'] as const).has('labels');
  return ok({ dataset: datasetBody(dataset, request.platform.seed.user, withLabels) });
}

function update(request: Request) {
  const dataset = requestedDataset(request, 'dataset:write');
  const { name, description } = asObject(request.body);
  if (name !== undefined && name !== null) dataset.name = checkedName(request, dataset.workspace, name, dataset);
  if (typeof description === 'string') dataset.description = description;
  dataset.updatedAt = request.now;
  return noContent();
}

function remove(request: Request) {
  request.platform.datasets.remove(requestedDataset(request, 'dataset:delete'));
  return noContent();
}

function idsOf(body: unknown): string[] {
  const { datasetIds } = asObject(body);
  if (Array.isArray(datasetIds) && datasetIds.every((id) => typeof id === 'string')) return datasetIds;
  throw badRequest('Dataset ids cannot be empty');
}

function removeSeveral({ platform, query, principal, body }: Request) {
  const { workspace } = platform.access(query, principal, 'dataset:delete');
  const ids = idsOf(body);
  const found = platform.datasets.inWorkspace(workspace).filter(({ id }) => ids.includes(id));
  for (const dataset of found) platform.datasets.remove(dataset);
  const success = found.map(({ id }) => id);
  return ok({ success, failed: ids.filter((id) => !success.includes(id)) });
}

const setHidden =
  (hidden: boolean) =>
  ({ platform, query, principal, body }: Request) => {
    const { workspace } = platform.access(query, principal, 'dataset:admin');
    for (const dataset of idsOf(body).map((id) => known(platform.datasets.all, workspace, id))) dataset.hidden = hidden;
    return noContent();
  };

export const datasetRoutes: readonly Route[] = [
  { method: 'GET', template: '/datasets', handle: list },
  { method: 'POST', template: '/datasets', handle: create },
  { method: 'DELETE', template: '/datasets', handle: removeSeveral },
  { method: 'POST', template: '/datasets/hide', handle: setHidden(true) },
  { method: 'POST', template: '/datasets/show', handle: setHidden(false) },
  { method: 'PUT', template: '/datasets/{datasetId}', handle: update },
  { method: 'DELETE', template: '/datasets/{datasetId}', handle: remove },
  { method: 'GET', template: '/datasets/{datasetId}/metadata', handle: describe },
];
