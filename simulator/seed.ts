import type { ComputeEnv, Label, LaunchConfig, Organization, Pipeline, User, Workspace } from './entities.ts';
import { SEED_CREDENTIALS } from './seed-data.ts';

const CREATED = '2026-01-15T09:00:00Z';

export interface Seed {
  user: User;
  organization: Organization;
  personal: Workspace;
  showcase: Workspace;
  reference: Workspace;
}

const label = (id: number, name: string, value: string | null = null): Label => ({
  id,
  name,
  value,
  resource: value !== null,
  isDefault: false,
  dateCreated: CREATED,
});

const RNASEQ_SCHEMA = JSON.stringify({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'rnaseq pipeline parameters',
  type: 'object',
  required: ['input', 'outdir'],
  properties: {
    input: { type: 'string', format: 'file-path', description: 'Sample sheet, CSV' },
    outdir: { type: 'string', format: 'directory-path' },
    genome: { type: 'string', default: 'GRCh38' },
    aligner: { type: 'string', enum: ['star_salmon', 'hisat2'], default: 'star_salmon' },
  },
});

/** Fixed: tests, documentation and examples name these. Ids are written out, so that they never depend on a seed. */
export function seed(): Seed {
  const user = { id: 1001, userName: 'ada', email: 'ada@example.com', firstName: 'Ada', lastName: 'Byron' };
  const organization = { orgId: 9001, name: 'redstart-labs', fullName: 'Redstart Labs' };
  const personal = workspace(null, 'ada', 'Personal workspace', null, 'PRIVATE', 'owner');
  const showcase = workspace(70001, 'showcase', 'Showcase', organization, 'PRIVATE', 'owner');
  const reference = workspace(70002, 'reference', 'Reference pipelines', organization, 'SHARED', 'launch');

  const awsBatch: ComputeEnv = {
    id: '4aWsBatchSeed0000000Ce',
    name: 'aws-batch',
    description: 'AWS Batch, eu-west-1',
    platform: 'aws-batch',
    status: 'AVAILABLE',
    credentialsId: '4aWsCredentials00000Cr',
    credentialsValid: true,
    primary: true,
    region: 'eu-west-1',
    workDir: 's3://redstart-labs/work',
    config: { region: 'eu-west-1', waveEnabled: true, fusion2Enabled: true, headQueue: 'head', computeQueue: 'work' },
    labels: [],
    dateCreated: CREATED,
  };
  const slurm: ComputeEnv = {
    id: '4sLurmOnpremSeed0000Ce',
    name: 'slurm-onprem',
    description: 'The cluster in the basement',
    platform: 'slurm-platform',
    status: 'AVAILABLE',
    credentialsId: '4sLurmCredentials000Cr',
    credentialsValid: true,
    primary: false,
    region: null,
    workDir: '/scratch/ada/work',
    config: {
      userName: 'ada',
      hostName: 'login.cluster.example.com',
      headQueue: 'short',
      computeQueue: 'long',
      launchDir: '/scratch/ada/launch',
      nextflowConfig: 'process.queue = "long"',
      preRunScript: 'module load nextflow',
    },
    labels: [],
    dateCreated: CREATED,
  };
  showcase.computeEnvs.push(awsBatch, slurm);
  showcase.credentials.push(...SEED_CREDENTIALS);
  showcase.secrets.push({ id: 6001, name: 'SEQUENCER_KEY', dateCreated: CREATED });

  const prod = label(501, 'prod');
  const nightly = label(502, 'nightly');
  const genomics = label(503, 'team', 'genomics');
  showcase.labels.push(prod, nightly, genomics);

  pipeline(showcase, 30001, 'hello', awsBatch, {
    description: 'Says hello in many languages',
    launch: {
      pipeline: 'https://github.com/nextflow-io/hello',
      revision: 'master',
      paramsText: '{"greeting":"Hello"}',
    },
  });
  pipeline(showcase, 30002, 'rnaseq', awsBatch, {
    description: 'RNA sequencing analysis',
    launch: {
      pipeline: 'https://github.com/nf-core/rnaseq',
      revision: '3.18.0',
      configProfiles: ['docker'],
      paramsText: '{"input":"s3://redstart-labs/samples.csv","outdir":"s3://redstart-labs/results","genome":"GRCh38"}',
    },
    schema: RNASEQ_SCHEMA,
  });
  // Its name holds that of `rnaseq`, for whoever takes the first hit of a partial search; its params are YAML.
  pipeline(showcase, 30003, 'rnaseq-small', slurm, {
    description: 'RNA sequencing on the small test set',
    launch: {
      pipeline: 'https://github.com/nf-core/rnaseq',
      revision: '3.18.0',
      configProfiles: ['test', 'singularity'],
      preRunScript: 'module load nextflow',
      paramsText:
        '# the small test set\ninput: /data/small/samples.csv\noutdir: /scratch/ada/results\ntrim: true\nlanes:\n  - 1\n  - 2\n',
    },
    schema: RNASEQ_SCHEMA,
  });
  pipeline(showcase, 30004, 'sarek', awsBatch, {
    description: 'Variant calling',
    launch: {
      pipeline: 'https://github.com/nf-core/sarek',
      revision: '3.5.0',
      configProfiles: ['docker'],
      configText: 'process.resourceLimits = [cpus: 16]',
      pullLatest: true,
    },
    labels: [nightly, genomics],
  });
  // As shared pipelines often are: no compute environment and no work directory of its own.
  pipeline(reference, 30101, 'shared-qc', null, {
    description: 'Quality control for everyone',
    launch: {
      pipeline: 'https://github.com/redstart-labs/qc',
      revision: 'v1.2.0',
      paramsText: '{"depth":30}',
    },
  });
  return { user, organization, personal, showcase, reference };
}

function workspace(
  id: number | null,
  name: string,
  fullName: string,
  organization: Organization | null,
  visibility: Workspace['visibility'],
  role: Workspace['role'],
): Workspace {
  return {
    id,
    name,
    fullName,
    organization,
    visibility,
    role,
    pipelines: [],
    computeEnvs: [],
    labels: [],
    credentials: [],
    secrets: [],
  };
}

function pipeline(
  home: Workspace,
  pipelineId: number,
  name: string,
  computeEnv: ComputeEnv | null,
  rest: { description: string; launch: LaunchConfig; labels?: Label[]; schema?: string },
): void {
  const added: Pipeline = {
    pipelineId,
    name,
    description: rest.description,
    launchId: `5Launch${pipelineId}Seed00000Lc`.slice(0, 22),
    versionId: `5Version${pipelineId}Seed0000Vr`.slice(0, 22),
    workspace: home,
    computeEnv,
    launch: { ...rest.launch, ...(computeEnv ? { workDir: computeEnv.workDir } : {}) },
    labels: rest.labels ?? [],
    schema: rest.schema ?? null,
    lastUpdated: CREATED,
  };
  home.pipelines.push(added);
}
