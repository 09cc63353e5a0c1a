import type { DatasetView } from '../data-views.ts';
import type { Label, Workspace } from '../entities.ts';

export interface DatasetVersion {
  version: number;
  fileName: string;
  mediaType: string;
  hasHeader: boolean;
  content: Buffer;
  /** Simulated time. */
  createdAt: number;
  disabled: boolean;
}

export interface Dataset {
  id: string;
  name: string;
  description: string;
  workspace: Workspace;
  hidden: boolean;
  labels: Label[];
  createdAt: number;
  updatedAt: number;
  /** Oldest first; none until an upload succeeded. */
  versions: DatasetVersion[];
}

/** As the Platform writes it: what a pipeline fetches the file from. */
export function filePath({ id, workspace }: Dataset, { version, fileName }: DatasetVersion): string {
  const home = workspace.id === null ? '' : `/workspaces/${workspace.id}`;
  return `${home}/datasets/${id}/v/${version}/n/${encodeURIComponent(fileName)}`;
}

export const datasetView = (dataset: Dataset): DatasetView => ({
  id: dataset.id,
  name: dataset.name,
  description: dataset.description,
  workspaceId: dataset.workspace.id,
  hidden: dataset.hidden,
  versions: dataset.versions.map((version) => ({
    version: version.version,
    fileName: version.fileName,
    mediaType: version.mediaType,
    hasHeader: version.hasHeader,
    size: version.content.length,
    path: filePath(dataset, version),
    content: version.content,
  })),
});
