import type { Action } from './actions/action.ts';
import { type DataLink, newDataLink } from './data-links/data-link.ts';
import type { Dataset, DatasetVersion } from './datasets/dataset.ts';
import type { Credentials } from './entities.ts';
import { DEFAULT_STUDIO_RULE } from './scenario-data.ts';
import type { Seed } from './seed.ts';
import { moment, type Studio } from './studios/studio.ts';

const CREATED = '2026-01-15T09:00:00Z';
const MEGABYTE = 1_000_000;

export interface SeedData {
  dataLinks: DataLink[];
  datasets: Dataset[];
  studios: Studio[];
  actions: Action[];
}

/** Fixed, as the rest of the seed: data links, datasets, studios and actions of the showcase. */
export function seedData(seed: Seed): SeedData {
  return { dataLinks: dataLinks(seed), datasets: datasets(seed), studios: studios(seed), actions: actions(seed) };
}

export const SEED_CREDENTIALS: readonly Credentials[] = [
  credentials('4aWsCredentials00000Cr', 'aws-redstart', 'aws', 'The AWS account'),
  credentials('4gOogleCredentials00Cr', 'google-redstart', 'google', 'The Google project'),
  credentials('4aZureCredentials000Cr', 'azure-redstart', 'azure', 'The Azure storage account'),
  credentials('4sLurmCredentials000Cr', 'slurm-key', 'ssh', 'Key for the cluster'),
];

function credentials(id: string, name: string, provider: Credentials['provider'], description: string): Credentials {
  return { id, name, provider, description, dateCreated: CREATED };
}

function dataLinks({ showcase: workspace }: Seed): DataLink[] {
  const [aws = null, google = null, azure = null] = workspace.credentials;
  const archive = newDataLink({
    id: 'v1-cloud-6f1c1b3fd1f24d3a9a7e0b5c9d2e4f10',
    name: 'reads-archive',
    description: 'Reads of all runs',
    workspace,
    provider: 'aws',
    resourceRef: 's3://redstart-reads-archive',
    credentials: aws,
  });
  fill(archive, ['README.md', 1200]);
  for (const [run, samples] of RUNS) {
    for (const sample of samples)
      for (const read of ['R1', 'R2'])
        fill(archive, [`runs/${run}/${sample}_${read}.fastq.gz`, sizeOf(run + sample + read)]);
    fill(archive, [`runs/${run}/qc/multiqc_report.html`, 2 * MEGABYTE], [`runs/${run}/RunInfo.xml`, 5400]);
  }
  const sheet = 'sample,fastq_1,fastq_2\nS1,S1_R1.fastq.gz,S1_R2.fastq.gz\nS2,S2_R1.fastq.gz,S2_R2.fastq.gz\n';
  archive.contents.set('samplesheets/may.csv', Buffer.from(sheet));
  fill(archive, ['samplesheets/may.csv', sheet.length]);

  const genomes = newDataLink({
    id: 'v1-user-0b7a52c8e94d4c0f8a3d6e1f7b2c9a55',
    name: 'open-genomes',
    description: 'Reference genomes, open to all',
    workspace,
    provider: 'aws',
    region: 'us-east-1',
    resourceRef: 's3://open-genomes',
    custom: true,
  });
  for (const build of ['GRCh38', 'T2T-CHM13'])
    fill(
      genomes,
      [`${build}/genome.fa`, 3100 * MEGABYTE],
      [`${build}/genome.fa.fai`, 4000],
      [`${build}/genes.gtf`, 1400 * MEGABYTE],
    );

  // Its name is part of another's, and the search gives the other one first.
  const reads = newDataLink({
    id: 'v1-cloud-c2d94f0e7a1b4b6d8e5f3a2b1c0d9e88',
    name: 'reads',
    description: 'Reads of this week',
    workspace,
    provider: 'google',
    region: 'europe-west1',
    resourceRef: 'gs://redstart-reads',
    credentials: google,
  });
  fill(reads, ['incoming/first.fastq.gz', 80 * MEGABYTE], ['incoming/second.fastq.gz', 90 * MEGABYTE]);
  fill(reads, [`odd names/Ünï "quoted" it's 100%.txt`, 12], ['odd names/a+b & c#d?.csv', 34]);

  const shared = (id: string, fields: Pick<DataLink, 'provider' | 'credentials'>) =>
    newDataLink({ id, name: 'shared-name', workspace, ...fields });
  const onAws = shared('v1-cloud-11aa22bb33cc44dd55ee66ff77a88b99', { provider: 'aws', credentials: aws });
  const onAzure = shared('v1-cloud-99ff88ee77dd66cc55bb44aa33c22d11', { provider: 'azure', credentials: azure });
  fill(onAws, ['on-aws/one.txt', 1]);
  fill(onAzure, ['on-azure/two.txt', 2]);

  const empty = newDataLink({
    id: 'v1-user-e0e0e0e0e0e04e0e8e0ee0e0e0e0e0e0',
    name: 'empty-bucket',
    description: 'Nothing yet',
    workspace,
    provider: 'azure',
    credentials: azure,
    custom: true,
  });
  return [archive, genomes, reads, onAws, onAzure, empty];
}

const RUNS = [
  ['2026-05-12_A00123', ['S1', 'S2', 'S3']],
  ['2026-05-19_A00124', ['S4', 'S5']],
] as const;

const sizeOf = (name: string) =>
  100 * MEGABYTE + ([...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % MEGABYTE);

function fill(link: DataLink, ...objects: [path: string, size: number][]): void {
  for (const [path, size] of objects) link.objects.put(path, size);
}

function datasets({ showcase: workspace }: Seed): Dataset[] {
  const createdAt = Date.parse(CREATED);
  const version = (number: number, fileName: string, mediaType: string, content: string): DatasetVersion => ({
    version: number,
    fileName,
    mediaType,
    hasHeader: true,
    content: Buffer.from(content),
    createdAt: createdAt + number * 86_400_000,
    disabled: false,
  });
  const dataset = (id: string, name: string, description: string, ...versions: DatasetVersion[]): Dataset => ({
    id,
    name,
    description,
    workspace,
    hidden: false,
    labels: [],
    createdAt,
    updatedAt: versions.at(-1)?.createdAt ?? createdAt,
    versions,
  });
  return [
    dataset(
      '6sAmplesSeed00000000Ds',
      'samples',
      'Samples of the study',
      version(1, 'samples.csv', 'text/csv', 'sample,condition\nS1,control\n'),
      version(2, 'samples.csv', 'text/csv', 'sample,condition\nS1,control\nS2,treated\n'),
    ),
    // Its name holds another's, for whoever takes the first hit of a partial search.
    dataset(
      '6sAmplesMaySeed00000Ds',
      'samples-may',
      'Samples of May',
      version(1, 'may.tsv', 'text/tab-separated-values', 'sample\tcondition\nS3\tcontrol\n'),
    ),
    // What an upload that failed leaves: its name is taken, there is nothing in it.
    dataset('6eMptySeed0000000000Ds', 'half-made', ''),
  ];
}

const JUPYTER = 'public.cr.seqera.io/platform/data-studio-jupyter:4.2.5-0.9';
const RSTUDIO = 'public.cr.seqera.io/platform/data-studio-ride:2025.04.1-0.9';

function studios({ showcase: workspace }: Seed): Studio[] {
  const [computeEnv] = workspace.computeEnvs;
  if (!computeEnv) return [];
  const createdAt = Date.parse(CREATED);
  const studio = (id: string, name: string, description: string, tool: string): Studio => ({
    id,
    name,
    description,
    workspace,
    computeEnv,
    tool,
    remoteConfig: null,
    configuration: { cpu: 2, memory: 8192, gpu: 0, lifespanHours: 0 },
    mounts: [],
    labels: [],
    isPrivate: false,
    spot: null,
    parentCheckpoint: null,
    request: null,
    createdAt,
    startedAt: createdAt,
    course: [moment(createdAt, 'running')],
    sessions: [{ checkpointId: 0, name: `${name}_1`, startedAt: createdAt, endsAt: Number.POSITIVE_INFINITY }],
    mountedAt: createdAt,
    rule: DEFAULT_STUDIO_RULE,
  });
  const notebook = studio('5a11ad01', 'notebook', 'Where results are looked at', JUPYTER);
  notebook.sessions = [
    { checkpointId: 8001, name: 'notebook_1', startedAt: createdAt, endsAt: Number.POSITIVE_INFINITY },
  ];
  const stopped = studio('5a11ad02', 'notebook-r', 'The same in R', RSTUDIO);
  stopped.course = [moment(createdAt, 'stopped')];
  stopped.sessions = [
    { checkpointId: 8002, name: 'notebook-r_1', startedAt: createdAt, endsAt: createdAt + 3_600_000 },
  ];
  return [notebook, stopped];
}

function actions({ showcase: workspace }: Seed): Action[] {
  const [computeEnv] = workspace.computeEnvs;
  if (!computeEnv) return [];
  const nightly = workspace.labels.filter(({ name }) => name === 'nightly');
  return [
    {
      id: '7oNpushSeed000000000Ac',
      name: 'on-push',
      workspace,
      source: 'github',
      status: 'ACTIVE',
      launchId: '5oNpushSeed000000000Lc',
      launch: { pipeline: 'https://github.com/redstart-labs/analysis', revision: 'main', workDir: computeEnv.workDir },
      computeEnv,
      labels: [],
      createdAt: CREATED,
      runs: [],
    },
    {
      id: '7nIghtlySeed00000000Ac',
      name: 'nightly-qc',
      workspace,
      source: 'tower',
      status: 'ACTIVE',
      launchId: '5nIghtlySeed00000000Lc',
      launch: {
        pipeline: 'https://github.com/redstart-labs/qc',
        revision: 'v1.2.0',
        configProfiles: ['docker'],
        paramsText: '{"depth":30,"outdir":"s3://redstart-labs/qc"}',
        workDir: computeEnv.workDir,
      },
      computeEnv,
      labels: nightly,
      createdAt: CREATED,
      runs: [],
    },
  ];
}
