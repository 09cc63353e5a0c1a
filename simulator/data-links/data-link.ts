import type { DataLinkView, Provider } from '../data-views.ts';
import type { Credentials, Workspace } from '../entities.ts';
import { ObjectTree } from './object-tree.ts';

export interface DataLink {
  id: string;
  name: string;
  description: string;
  workspace: Workspace;
  provider: Provider;
  region: string | null;
  resourceRef: string;
  publicAccessible: boolean;
  /** null: it needs none, being public. */
  credentials: Credentials | null;
  hidden: boolean;
  status: 'VALID' | 'INVALID';
  message: string | null;
  /** Added by a person, not found by looking through the buckets of the credentials. */
  custom: boolean;
  objects: ObjectTree;
  /** Of the few objects whose content matters. */
  contents: Map<string, Buffer>;
}

const SCHEMES: Record<Provider, string> = {
  aws: 's3',
  google: 'gs',
  azure: 'az',
  azure_entra: 'az',
  'azure-cloud': 'az',
  seqeracompute: 's3',
  s3: 's3',
};

export type NewLink = Pick<DataLink, 'id' | 'name' | 'workspace' | 'provider'> & Partial<DataLink>;

export function newDataLink(fields: NewLink): DataLink {
  return {
    description: '',
    region: fields.provider === 'aws' ? 'eu-west-1' : null,
    resourceRef: `${SCHEMES[fields.provider]}://${fields.name}`,
    publicAccessible: fields.credentials === undefined || fields.credentials === null,
    credentials: null,
    hidden: false,
    status: 'VALID',
    message: null,
    custom: false,
    objects: new ObjectTree(),
    contents: new Map(),
    ...fields,
  };
}

export const dataLinkView = (link: DataLink): DataLinkView => ({
  id: link.id,
  name: link.name,
  provider: link.provider,
  resourceRef: link.resourceRef,
  workspaceId: link.workspace.id,
  publicAccessible: link.publicAccessible,
  credentialsId: link.credentials?.id ?? null,
  status: link.status,
  objects: link.objects.count,
});
