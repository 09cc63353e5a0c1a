/** What a test sees of the data, studios and actions of the simulated Platform, and what it can do to them. */

export type Provider = 'aws' | 'google' | 'azure' | 'azure_entra' | 'azure-cloud' | 'seqeracompute' | 's3';

export interface DataLinkView {
  id: string;
  name: string;
  provider: Provider;
  /** Such as `s3://redstart-reads-archive`. */
  resourceRef: string;
  /** null: the personal workspace. */
  workspaceId: number | null;
  publicAccessible: boolean;
  /** What a private one is browsed with. */
  credentialsId: string | null;
  status: 'VALID' | 'INVALID';
  /** How many objects it holds now. */
  objects: number;
}

export interface ObjectView {
  /** From the root of the data link, without a slash in front. */
  path: string;
  size: number;
}

export interface NewDataLink {
  name: string;
  /** Default aws. */
  provider?: Provider;
  /** Default: the provider's scheme and the name. */
  resourceRef?: string;
  /** Default 70001, the showcase. */
  workspaceId?: number | null;
  /** Default true; false makes it browsable with the seeded credentials of its provider only. */
  publicAccessible?: boolean;
}

/** Objects that are made up: the same ones for the same numbers. */
export interface GeneratedObjects {
  count: number;
  /** Levels of folders above each file; 0: all in one folder. Default 2. */
  depth?: number;
  /** Files in a folder. Default 100. */
  perFolder?: number;
  /** The folder that all of it goes into. Default: the root. */
  under?: string | undefined;
  /** Default `fastq.gz`. */
  extension?: string;
  /** In bytes. Default: a different one for each. */
  size?: number | undefined;
}

export interface DatasetVersionView {
  version: number;
  fileName: string;
  mediaType: string;
  hasHeader: boolean;
  size: number;
  /** What a pipeline's `input` takes, without the base URL. */
  path: string;
  content: Buffer;
}

export interface DatasetView {
  id: string;
  name: string;
  description: string;
  workspaceId: number | null;
  hidden: boolean;
  /** Oldest first; none after an upload that failed. */
  versions: DatasetVersionView[];
}

export type StudioStatus = 'starting' | 'building' | 'running' | 'stopping' | 'stopped' | 'errored' | 'buildFailed';
export type StopReason = 'CREDITS_RUN_OUT' | 'LIFESPAN_EXPIRED' | 'SPOT_RECLAMATION' | 'NO_STATS_AVAIL';

export interface StudioView {
  id: string;
  name: string;
  workspaceId: number | null;
  status: StudioStatus;
  message: string;
  stopReason: StopReason | null;
  computeEnvId: string;
  /** The container, or null for one that is built from a repository. */
  tool: string | null;
  configuration: Record<string, unknown>;
  isPrivate: boolean;
  spot: boolean | null;
  /** What was posted to create it; null for a seeded one. */
  request: Record<string, unknown> | null;
}

export interface ActionView {
  id: string;
  name: string;
  source: 'github' | 'tower';
  status: 'CREATING' | 'ACTIVE' | 'ERROR' | 'PAUSED';
  workspaceId: number | null;
  /** Ids of the runs that it launched, oldest first. */
  runs: string[];
}

/**
 * Data links and others are named by id, or by name where that is one thing's only.
 * Every call throws a RangeError when there is no such thing, or a name that two have.
 */
export interface SimulatedData {
  readonly dataLinks: readonly DataLinkView[];
  /** A data link that a person added: it is there at once, also while the list of buckets is loading. */
  addDataLink(dataLink: NewDataLink): DataLinkView;
  /** It is gone for those who list, and 404 for those who browse. */
  removeDataLink(dataLink: string): void;
  /** Objects below a folder (default: all), in the order that they are listed in. */
  objects(dataLink: string, under?: string): Iterable<ObjectView>;
  /** Adds an object, or changes its size. `content` decides the size when given; a path that ends in `/` is an empty folder. */
  putObject(dataLink: string, path: string, size?: number, content?: string | Buffer): void;
  /** A path that ends in `/` is a folder, removed with all that is in it. */
  removeObject(dataLink: string, path: string): void;
  generateObjects(dataLink: string, objects: GeneratedObjects): void;
  readonly datasets: readonly DatasetView[];
  dataset(idOrName: string): DatasetView | undefined;
  readonly studios: readonly StudioView[];
  studio(idOrName: string): StudioView | undefined;
  /** From now on, whatever its course was to be. */
  setStudioStatus(studio: string, status: StudioStatus, why?: { message?: string; stopReason?: StopReason }): void;
  readonly actions: readonly ActionView[];
  action(idOrName: string): ActionView | undefined;
}
