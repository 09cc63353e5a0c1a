import { describe, expect, it } from 'vitest';
import type { Role } from './index.ts';
import { fileForm, SHOWCASE, TestPlatform } from './testing/simulators.ts';

const WS = `workspaceId=${SHOWCASE}`;
const ROLES: readonly Role[] = ['owner', 'admin', 'maintain', 'launch', 'connect', 'view'];

type Act = (platform: TestPlatform, token: string) => Promise<{ status: number; body: unknown }>;

interface Rule {
  what: string;
  permission: string;
  /** The least role that may. */
  from: Role;
  act: Act;
}

const call =
  (method: string, path: string, body?: unknown): Act =>
  (platform, token) =>
    platform.call(method, `${path}${path.includes('?') ? '&' : '?'}${WS}`, body, token);

/** On a run that is at work, launched by an owner. */
const onRun =
  (method: string, path: string, body?: (id: string) => unknown): Act =>
  async (platform, token) => {
    const id = await platform.launched();
    return call(method, path.replace('{run}', id), body?.(id))(platform, token);
  };

const launching =
  (pipelineId: number, changes: object): Act =>
  (platform, token) =>
    platform.launch(pipelineId, { ...changes }, token);

const GENOMES = '/data-links/v1-user-0b7a52c8e94d4c0f8a3d6e1f7b2c9a55';
const SAMPLES = '/datasets/6sAmplesSeed00000000Ds';
const STUDIO = { name: 'x', computeEnvId: '4aWsBatchSeed0000000Ce', dataStudioToolUrl: 'x.example/own:1' };
const OWN_PIPELINE = { launch: { pipeline: 'https://h.example/a/b' } };

/** The table of roles, a row for each thing that the simulator lets a caller do. */
const RULES: readonly Rule[] = [
  { what: 'lists runs', permission: 'workflow:read', from: 'view', act: call('GET', '/workflow') },
  { what: 'reads a run', permission: 'workflow:read', from: 'view', act: onRun('GET', '/workflow/{run}') },
  { what: 'reads tasks', permission: 'workflow:read', from: 'view', act: onRun('GET', '/workflow/{run}/tasks') },
  { what: 'launches', permission: 'workflow:execute', from: 'launch', act: launching(30001, {}) },
  { what: 'cancels', permission: 'workflow:execute', from: 'launch', act: onRun('POST', '/workflow/{run}/cancel') },
  {
    what: 'launches a repository',
    permission: 'workflow_quick:execute',
    from: 'maintain',
    act: call('POST', '/workflow/launch', OWN_PIPELINE),
  },
  {
    what: 'launches with another revision',
    permission: 'pipeline:write',
    from: 'maintain',
    act: launching(30001, { revision: 'dev' }),
  },
  {
    what: 'launches with a resource label',
    permission: 'pipeline_label:write',
    from: 'admin',
    act: launching(30001, { labelIds: [503] }),
  },
  {
    what: 'deletes a run',
    permission: 'workflow:delete',
    from: 'launch',
    act: onRun('DELETE', '/workflow/{run}?force=true'),
  },
  {
    what: 'labels a run',
    permission: 'workflow_label:write',
    from: 'maintain',
    act: onRun('POST', '/workflow/labels/add', (id) => ({ workflowIds: [id], labelIds: [501] })),
  },
  {
    what: 'reads a launch',
    permission: 'launch:read',
    from: 'launch',
    act: call('GET', '/launch/5Launch30001Seed00000L'),
  },
  { what: 'makes a label', permission: 'label:write', from: 'maintain', act: call('POST', '/labels', { name: 'new' }) },
  { what: 'lists datasets', permission: 'dataset:read', from: 'view', act: call('GET', '/datasets') },
  {
    what: 'makes a dataset',
    permission: 'dataset:write',
    from: 'launch',
    act: call('POST', '/datasets', { name: 'new' }),
  },
  {
    what: 'uploads a version',
    permission: 'dataset:write',
    from: 'launch',
    act: (platform, token) => platform.call('POST', `${SAMPLES}/upload?${WS}`, fileForm('a'), token),
  },
  { what: 'deletes a dataset', permission: 'dataset:delete', from: 'maintain', act: call('DELETE', SAMPLES) },
  {
    what: 'hides a dataset',
    permission: 'dataset:admin',
    from: 'maintain',
    act: call('POST', '/datasets/hide', { datasetIds: ['6sAmplesSeed00000000Ds'] }),
  },
  { what: 'lists data links', permission: 'data_link:read', from: 'view', act: call('GET', '/data-links') },
  { what: 'browses', permission: 'data_link_object:read', from: 'view', act: call('GET', `${GENOMES}/browse`) },
  {
    what: 'reads a tree',
    permission: 'data_link_object:read',
    from: 'view',
    act: call('GET', `${GENOMES}/browse-tree`),
  },
  {
    what: 'downloads',
    permission: 'data_link_object:read',
    from: 'view',
    act: call('GET', `${GENOMES}/download/GRCh38/genome.fa.fai`),
  },
  {
    what: 'gets an address',
    permission: 'data_link_object:read',
    from: 'view',
    act: call('GET', `${GENOMES}/generate-download-url?filePath=GRCh38/genome.fa.fai`),
  },
  {
    what: 'adds a data link',
    permission: 'data_link:write',
    from: 'maintain',
    act: call('POST', '/data-links', { name: 'new', provider: 'aws', resourceRef: 's3://new' }),
  },
  { what: 'removes a data link', permission: 'data_link:write', from: 'maintain', act: call('DELETE', GENOMES) },
  { what: 'lists studios', permission: 'studio:read', from: 'view', act: call('GET', '/studios') },
  { what: 'reads a studio', permission: 'studio:read', from: 'view', act: call('GET', '/studios/5a11ad01') },
  { what: 'makes a studio', permission: 'studio:write', from: 'maintain', act: call('POST', '/studios', STUDIO) },
  {
    what: 'starts a studio',
    permission: 'studio:execute',
    from: 'maintain',
    act: call('PUT', '/studios/5a11ad02/start', {}),
  },
  {
    what: 'stops a studio',
    permission: 'studio:execute',
    from: 'maintain',
    act: call('PUT', '/studios/5a11ad01/stop'),
  },
  { what: 'deletes a studio', permission: 'studio:delete', from: 'maintain', act: call('DELETE', '/studios/5a11ad02') },
  { what: 'lists actions', permission: 'action:read', from: 'view', act: call('GET', '/actions') },
  {
    what: 'triggers an action',
    permission: 'action:execute',
    from: 'launch',
    act: call('POST', '/actions/7nIghtlySeed00000000Ac/launch', { params: {} }),
  },
  {
    what: 'pauses an action',
    permission: 'action:write',
    from: 'maintain',
    act: call('POST', '/actions/7nIghtlySeed00000000Ac/pause', {}),
  },
];

describe('a token of a role', () => {
  it.each(RULES)('$what: from $from on', async ({ permission, from, act }) => {
    for (const role of ROLES) {
      await using platform = await TestPlatform.start({ scenario: { tokens: [{ token: `a-${role}`, role }] } });
      const { status, body } = await act(platform, `a-${role}`);
      if (ROLES.indexOf(role) <= ROLES.indexOf(from)) expect([role, status < 300]).toEqual([role, true]);
      else {
        const needed = permission === 'workflow_quick:execute' || permission.startsWith('pipeline');
        // Whoever may not launch at all is told that first.
        const missing = needed && ROLES.indexOf(role) > ROLES.indexOf('launch') ? 'workflow:execute' : permission;
        expect([role, status, body]).toEqual([
          role,
          403,
          { message: `Forbidden. Missing permission(s): "${missing}"` },
        ]);
      }
    }
  });
});
