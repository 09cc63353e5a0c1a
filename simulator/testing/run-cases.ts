import { SHOWCASE } from './simulators.ts';

const WS = `workspaceId=${SHOWCASE}`;

export interface Case {
  method: string;
  path: string;
  body?: unknown;
  token?: string | null;
  status: number;
  /** Simulated time that passes first. */
  after?: number;
}

/** Everything that the simulator answers, once in each form. `{run}` is a run at work, `{failed}` one that failed, … */
export const RUN_CASES: readonly Case[] = [
  { method: 'GET', path: '/service-info', token: null, status: 200 },
  { method: 'GET', path: '/user-info', status: 200 },
  { method: 'GET', path: '/user-info', token: null, status: 401 },
  { method: 'GET', path: '/orgs', status: 200 },
  { method: 'GET', path: '/orgs?role=member', status: 200 },
  { method: 'GET', path: '/orgs/9001/workspaces', status: 200 },
  { method: 'GET', path: '/orgs/x/workspaces', status: 400 },
  { method: 'GET', path: `/orgs/9001/workspaces/${SHOWCASE}`, status: 200 },
  { method: 'GET', path: '/user/1001/workspaces', status: 200 },
  { method: 'GET', path: '/user/7/workspaces', status: 403 },
  { method: 'GET', path: '/pipelines', status: 200 },
  { method: 'GET', path: `/pipelines?${WS}&visibility=all&attributes=labels,computeEnv,optimized`, status: 200 },
  { method: 'GET', path: `/pipelines?${WS}&max=101`, status: 400 },
  { method: 'GET', path: '/pipelines?workspaceId=9001', status: 403 },
  { method: 'GET', path: `/pipelines/30002?${WS}&attributes=labels,computeEnv`, status: 200 },
  { method: 'GET', path: `/pipelines/30101?${WS}&sourceWorkspaceId=70002`, status: 200 },
  { method: 'GET', path: `/pipelines/30101?${WS}`, status: 403 },
  { method: 'GET', path: `/pipelines/30002/launch?${WS}`, status: 200 },
  { method: 'GET', path: `/pipelines/30003/launch?${WS}`, status: 200 },
  { method: 'GET', path: `/pipelines/30101/launch?${WS}&sourceWorkspaceId=70002`, status: 200 },
  { method: 'GET', path: `/pipelines/30002/schema?${WS}`, status: 200 },
  { method: 'GET', path: `/pipelines/30001/schema?${WS}`, status: 204 },
  { method: 'GET', path: `/compute-envs?${WS}&attributes=labels`, status: 200 },
  { method: 'GET', path: `/compute-envs/4aWsBatchSeed0000000Ce?${WS}`, status: 200 },
  { method: 'GET', path: `/compute-envs/4sLurmOnpremSeed0000Ce?${WS}&attributes=labels`, status: 200 },
  { method: 'GET', path: `/compute-envs/none?${WS}`, status: 403 },
  { method: 'GET', path: `/labels?${WS}&type=all`, status: 200 },
  { method: 'POST', path: `/labels?${WS}`, body: { name: 'fresh' }, status: 200 },
  { method: 'POST', path: `/labels?${WS}`, body: { name: 'cost', value: '17', resource: true }, status: 200 },
  { method: 'POST', path: `/labels?${WS}`, body: { name: '-' }, status: 400 },
  { method: 'GET', path: '/workflow', status: 200 },
  { method: 'GET', path: `/workflow?${WS}&max=100&includeTotalSize=true`, status: 200 },
  { method: 'GET', path: `/workflow?${WS}&attributes=minimal`, status: 200 },
  { method: 'GET', path: `/workflow?${WS}&attributes=labels,optimized,pipelineInfo,messages`, status: 200 },
  { method: 'GET', path: `/workflow?${WS}&max=101`, status: 400 },
  { method: 'GET', path: `/workflow?${WS}&max=many`, status: 400 },
  ...['{submitted}', '{run}', '{failed}', '{refused}', '{cancelled}', '{lost}', '{done}', '{sarek}'].flatMap((run) => [
    { method: 'GET', path: `/workflow/${run}?${WS}&attributes=labels,messages,pipelineInfo,optimized`, status: 200 },
    { method: 'GET', path: `/workflow/${run}/launch?${WS}`, status: 200 },
    { method: 'GET', path: `/workflow/${run}/progress?${WS}`, status: 200 },
    { method: 'GET', path: `/workflow/${run}/tasks?${WS}&max=100`, status: 200 },
  ]),
  { method: 'GET', path: `/workflow/none?${WS}`, status: 403 },
  { method: 'GET', path: '/workflow/random-name', status: 200 },
  { method: 'GET', path: '/workflow/validate?runName=good', status: 204 },
  { method: 'GET', path: '/workflow/validate?runName=BAD!', status: 400 },
  { method: 'POST', path: `/workflow/launch?${WS}`, body: { launch: {} }, status: 400 },
  {
    method: 'POST',
    path: `/workflow/launch?${WS}`,
    body: { launch: { pipeline: 'https://h.example/a/b' } },
    status: 200,
  },
  {
    method: 'POST',
    path: `/workflow/launch?${WS}`,
    body: { launch: { pipeline: 'https://h.example/a/b', computeEnvId: '4sLurmOnpremSeed0000Ce' } },
    status: 400,
  },
  { method: 'POST', path: `/workflow/{run}/cancel?${WS}`, body: {}, status: 204 },
  { method: 'POST', path: `/workflow/{done}/cancel?${WS}`, body: {}, status: 400 },
  { method: 'DELETE', path: `/workflow/{run}?${WS}`, status: 400 },
  { method: 'DELETE', path: `/workflow/{done}?${WS}`, status: 204 },
];
