import type { Case } from './run-cases.ts';
import { fileForm, SHOWCASE } from './simulators.ts';

const WS = `workspaceId=${SHOWCASE}`;
const ARCHIVE = '/data-links/v1-cloud-6f1c1b3fd1f24d3a9a7e0b5c9d2e4f10';
const GENOMES = '/data-links/v1-user-0b7a52c8e94d4c0f8a3d6e1f7b2c9a55';
const AZURE = '/data-links/v1-cloud-99ff88ee77dd66cc55bb44aa33c22d11';
const EMPTY = '/data-links/v1-user-e0e0e0e0e0e04e0e8e0ee0e0e0e0e0e0';
const AWS = 'credentialsId=4aWsCredentials00000Cr';
const SAMPLES = '/datasets/6sAmplesSeed00000000Ds';
const HALF_MADE = '/datasets/6eMptySeed0000000000Ds';
const STUDIO = {
  name: 'fresh',
  computeEnvId: '4aWsBatchSeed0000000Ce',
  dataStudioToolUrl: 'public.cr.seqera.io/platform/data-studio-jupyter:4.2.5-0.9',
  configuration: {
    cpu: 2,
    memory: 8192,
    gpu: 0,
    lifespanHours: 8,
    condaEnvironment: 'dependencies: [numpy]',
    mountDataV2: [{ dataLinkId: 'v1-user-0b7a52c8e94d4c0f8a3d6e1f7b2c9a55' }],
  },
  labelIds: [503],
  initialCheckpointId: 8002,
};
const NOTEBOOK = '/studios/5a11ad01';
const STOPPED = '/studios/5a11ad02';

const get = (path: string, status = 200, after = 0): Case => ({ method: 'GET', path, status, after });
const post = (path: string, body: unknown, status = 200): Case => ({ method: 'POST', path, body, status });
const put = (path: string, body: unknown, status = 200, after = 0): Case => ({
  method: 'PUT',
  path,
  ...(body === undefined ? {} : { body }),
  status,
  after,
});
const remove = (path: string, status = 204, body?: unknown): Case => ({ method: 'DELETE', path, body, status });

/** In order: what one leaves, the next ones meet. */
export const DATA_CASES: readonly Case[] = [
  get('/data-links'),
  get(`/data-links?${WS}&search=shared-name+provider:azure&max=5`),
  get(`/data-links?${WS}&max=101`, 400),
  get('/data-links?workspaceId=9001', 403),
  get(`${ARCHIVE}?${WS}`),
  get(`/data-links/none?${WS}`, 404),
  get(`${ARCHIVE}/browse?${WS}&${AWS}&pageSize=2`),
  get(`${ARCHIVE}/browse?${WS}`, 400),
  get(`${ARCHIVE}/browse?${WS}&${AWS}&nextPageToken=rubbish`, 400),
  get(`${ARCHIVE}/browse/runs/2026-05-12_A00123/?${WS}&${AWS}&search=S1`),
  get(`${AZURE}/browse?${WS}&credentialsId=4aZureCredentials000Cr`),
  get(`${GENOMES}/browse/no/such/path?${WS}`),
  get(`${GENOMES}/browse-tree?${WS}&paths=GRCh38/&paths=T2T-CHM13`),
  get(`${GENOMES}/browse-tree?${WS}`),
  get(`${ARCHIVE}/generate-download-url?${WS}&${AWS}&filePath=README.md&preview=false`),
  get(`${ARCHIVE}/generate-download-url?${WS}&${AWS}&filePath=none`, 404),
  get(`${ARCHIVE}/generate-download-url?${WS}&${AWS}`, 400),
  get(`${ARCHIVE}/download/samplesheets/may.csv?${WS}&${AWS}`),
  get(`${ARCHIVE}/download/runs?${WS}&${AWS}`, 404),
  post(`/data-links?${WS}`, { name: 'mine', provider: 'aws', resourceRef: 's3://mine', publicAccessible: true }),
  post(`/data-links?${WS}`, { name: 'mine', provider: 'aws', resourceRef: 's3://mine' }, 400),
  remove(`${EMPTY}?${WS}`),
  remove(`${ARCHIVE}?${WS}`, 400),
  get(`/data-links/cache/refresh?${WS}`),

  get('/datasets'),
  get(`/datasets?${WS}&search=samples&sortBy=name&sortDir=desc&attributes=labels`),
  get(`/datasets?${WS}&max=101`, 400),
  post(`/datasets?${WS}`, { name: 'fresh', description: 'New' }),
  post(`/datasets?${WS}`, { name: 'samples' }, 409),
  post(`/datasets?${WS}`, {}, 400),
  put(`${SAMPLES}?${WS}`, { description: 'Changed' }, 204),
  put(`${SAMPLES}?${WS}`, { name: 'samples-may' }, 409),
  get(`${SAMPLES}/metadata?${WS}&attributes=labels`),
  get(`${HALF_MADE}/metadata?${WS}`),
  get(`/datasets/none/metadata?${WS}`, 403),
  post(`${HALF_MADE}/upload?${WS}&header=false`, fileForm('a,b\n1,2\n')),
  post(`${HALF_MADE}/upload?${WS}`, fileForm('a', 'a.bin', 'application/octet-stream'), 400),
  post(`${HALF_MADE}/upload?${WS}`, fileForm('a\tb', 'a.tsv', 'text/tab-separated-values'), 400),
  post(`${HALF_MADE}/upload?${WS}`, fileForm('a', 'a.csv', 'text/csv', 'other'), 400),
  get(`${SAMPLES}/versions?${WS}&mimeType=text/csv`),
  get(`/datasets/versions?${WS}`),
  get(`${SAMPLES}/v/2/n/samples.csv?${WS}`),
  get(`${SAMPLES}/v/3/n/samples.csv?${WS}`, 404),
  get(`${SAMPLES}/v/2/n/other.csv?${WS}`, 404),
  post(`${SAMPLES}/versions/1/disable?${WS}`, undefined, 204),
  post(`/datasets/hide?${WS}`, { datasetIds: ['6sAmplesSeed00000000Ds'] }, 204),
  post(`/datasets/show?${WS}`, { datasetIds: ['6sAmplesSeed00000000Ds'] }, 204),
  remove(`${HALF_MADE}?${WS}`),
  remove(`/datasets?${WS}`, 200, { datasetIds: ['6sAmplesMaySeed00000Ds', 'none'] }),

  get('/studios'),
  get(`/studios?${WS}&search=note+status:running&attributes=labels&max=10`),
  get(`/studios?${WS}&max=101`, 400),
  get(`/studios/templates?${WS}&max=2&offset=1`),
  get(`/studios/validate?${WS}&name=notebook`, 409),
  get(`/studios/validate?${WS}&name=other`, 204),
  get(`/studios/validate?${WS}`, 400),
  post(`/studios?${WS}`, STUDIO, 201),
  get(`/studios/{studio}?${WS}`, 202),
  get(`/studios/{studio}?${WS}`, 200, 1000),
  get(`/studios/{studio}?${WS}`, 200, 2000),
  get(`/studios/{studio}?${WS}`, 200, 5000),
  post(`/studios?${WS}&autoStart=false`, { ...STUDIO, name: 'resting', description: 'd', isPrivate: true, spot: true }),
  post(`/studios?${WS}`, STUDIO, 409),
  post(`/studios?${WS}`, { ...STUDIO, name: '' }, 400),
  post(`/studios?${WS}`, { ...STUDIO, name: 'other', computeEnvId: 'none' }, 404),
  get(`/studios/none?${WS}`, 404),
  put(`${NOTEBOOK}/start?${WS}`, {}, 400),
  put(`${STOPPED}/stop?${WS}`, undefined, 400),
  remove(`${NOTEBOOK}?${WS}`, 400),
  post(`${NOTEBOOK}/lifespan?${WS}`, undefined, 400),
  put(`${STOPPED}/start?${WS}`, { configuration: { lifespanHours: 2 }, description: 'Again' }),
  post(`${STOPPED}/lifespan?${WS}`, undefined, 400),
  { method: 'POST', path: `${STOPPED}/lifespan?${WS}`, status: 200, after: 2000 },
  put(`${STOPPED}/stop?${WS}`, undefined),
  get(`${STOPPED}?${WS}`),
  get(`${STOPPED}/checkpoints?${WS}&search=notebook&max=5`, 200, 2000),
  get(`${STOPPED}/checkpoints/8002?${WS}`),
  get(`${STOPPED}/checkpoints/1?${WS}`, 404),
  remove(`${STOPPED}?${WS}`),

  get('/actions'),
  get(`/actions?${WS}&attributes=labels`),
  get(`/actions/7oNpushSeed000000000Ac?${WS}&attributes=labels`),
  post(`/actions/7nIghtlySeed00000000Ac/launch?${WS}`, { params: { depth: 60 } }),
  get(`/actions/7nIghtlySeed00000000Ac?${WS}`),
  get(`/actions?${WS}`),
  get(`/actions/none?${WS}`, 403),
  post(`/actions/7oNpushSeed000000000Ac/launch?${WS}`, { params: {} }, 400),
  post(`/actions/7nIghtlySeed00000000Ac/pause?${WS}`, {}, 204),
  post(`/actions/7nIghtlySeed00000000Ac/launch?${WS}`, { params: {} }, 400),

  get('/credentials'),
  get(`/credentials?${WS}&platformId=aws-batch`),
  get(`/credentials/4aWsCredentials00000Cr?${WS}`),
  get(`/credentials/none?${WS}`, 403),
  get(`/pipeline-secrets?${WS}`),
  post(`/pipeline-secrets?${WS}`, { name: 'KEY', value: 'x' }),
  post(`/pipeline-secrets?${WS}`, { name: '1', value: 'x' }, 400),
  remove(`/pipeline-secrets/6001?${WS}`),

  get(`/launch/5Launch30001Seed00000L?${WS}`),
  get(`/launch/5nIghtlySeed00000000Lc?${WS}`),
  get(`/launch/none?${WS}`, 403),
  post(`/workflow/labels/add?${WS}`, { workflowIds: ['{failed}'], labelIds: [502] }, 204),
  post(`/workflow/labels/apply?${WS}`, { workflowIds: ['{failed}'], labelIds: [501] }, 204),
  post(`/workflow/labels/remove?${WS}`, { workflowIds: ['{failed}'], labelIds: [501] }, 204),
];
