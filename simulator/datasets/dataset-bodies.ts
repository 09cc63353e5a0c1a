import type { User } from '../entities.ts';
import { labelBody } from '../run-bodies.ts';
import { type Dataset, type DatasetVersion, filePath } from './dataset.ts';

const iso = (time: number) => new Date(time).toISOString();
const userBody = ({ id, userName, email }: User) => ({ id, userName, email });

export function datasetBody(dataset: Dataset, user: User, withLabels: boolean) {
  const latest = dataset.versions.at(-1);
  return {
    id: dataset.id,
    name: dataset.name,
    description: dataset.description,
    ...(latest ? { mediaType: latest.mediaType, version: latest.version } : {}),
    sourceType: 'UPLOADED',
    hidden: dataset.hidden,
    deleted: false,
    ...(dataset.workspace.id === null ? {} : { workspaceId: dataset.workspace.id }),
    ...(dataset.workspace.organization ? { organizationId: dataset.workspace.organization.orgId } : {}),
    runsInfo: { runsCount: 0 },
    user: userBody(user),
    lastUpdatedBy: userBody(user),
    dateCreated: iso(dataset.createdAt),
    lastUpdated: iso(dataset.updatedAt),
    ...(withLabels ? { labels: dataset.labels.map(labelBody) } : {}),
  };
}

export function versionBody(dataset: Dataset, version: DatasetVersion, user: User, baseUrl: string) {
  return {
    datasetId: dataset.id,
    datasetName: dataset.name,
    datasetDescription: dataset.description,
    version: version.version,
    fileName: version.fileName,
    fileSize: version.content.length,
    hasHeader: version.hasHeader,
    mediaType: version.mediaType,
    url: baseUrl + filePath(dataset, version),
    disabled: version.disabled,
    createdBy: userBody(user),
    dateCreated: iso(version.createdAt),
    lastUpdated: iso(version.createdAt),
    ...(dataset.workspace.id === null ? {} : { workspaceId: dataset.workspace.id }),
  };
}
