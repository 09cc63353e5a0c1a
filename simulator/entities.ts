import type { Role } from './scenario.ts';

export interface User {
  id: number;
  userName: string;
  email: string;
  firstName: string;
  lastName: string;
}

export interface Organization {
  orgId: number;
  name: string;
  fullName: string;
}

export interface Label {
  id: number;
  name: string;
  /** Resource labels only. */
  value: string | null;
  resource: boolean;
  isDefault: boolean;
  dateCreated: string;
}

export interface ComputeEnv {
  id: string;
  name: string;
  description: string;
  platform: 'aws-batch' | 'slurm-platform';
  status: 'CREATING' | 'AVAILABLE' | 'DISABLED' | 'DELETING' | 'ERRORED' | 'INVALID' | 'DELETED';
  credentialsId: string;
  credentialsValid: boolean;
  primary: boolean;
  region: string | null;
  workDir: string;
  /** Beyond what each platform has. */
  config: Record<string, unknown>;
  labels: Label[];
  dateCreated: string;
}

export interface Credentials {
  id: string;
  name: string;
  description: string;
  provider: 'aws' | 'azure' | 'google' | 'ssh' | 'github';
  dateCreated: string;
}

export interface Secret {
  id: number;
  name: string;
  dateCreated: string;
}

/** What a launch is made of. Names are those of the API's launch request. */
export interface LaunchConfig {
  pipeline: string;
  revision?: string;
  commitId?: string;
  workDir?: string;
  paramsText?: string;
  configProfiles?: string[];
  configText?: string;
  preRunScript?: string;
  postRunScript?: string;
  mainScript?: string;
  entryName?: string;
  schemaName?: string;
  towerConfig?: string;
  pullLatest?: boolean;
  stubRun?: boolean;
  userSecrets?: string[];
  workspaceSecrets?: string[];
  headJobCpus?: number;
  headJobMemoryMb?: number;
  launchContainer?: string;
  nextflowVersion?: string | null;
  outputDir?: string | null;
  syntaxParser?: 'v1' | 'v2' | null;
}

export interface Pipeline {
  pipelineId: number;
  name: string;
  description: string;
  launchId: string;
  versionId: string;
  workspace: Workspace;
  computeEnv: ComputeEnv | null;
  launch: LaunchConfig;
  labels: Label[];
  /** Text of the parameter schema, null when the repository has none. */
  schema: string | null;
  lastUpdated: string;
}

export interface Workspace {
  /** null: the personal workspace. */
  id: number | null;
  name: string;
  fullName: string;
  organization: Organization | null;
  visibility: 'PRIVATE' | 'SHARED';
  /** The user's role in it. */
  role: Role;
  pipelines: Pipeline[];
  computeEnvs: ComputeEnv[];
  labels: Label[];
  credentials: Credentials[];
  /** Names only: values are never given back. */
  secrets: Secret[];
}
