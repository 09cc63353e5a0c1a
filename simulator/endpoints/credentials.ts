import type { Credentials, Workspace } from '../entities.ts';
import { badRequest, forbidden } from '../errors.ts';
import { text } from '../query.ts';
import { noContent, ok, type Request, type Route } from '../router.ts';
import { asObject } from '../values.ts';

/** INVALID as soon as a compute environment says so of them: a scenario sets it there. */
const credentialsBody = ({ computeEnvs }: Workspace, credentials: Credentials) => ({
  ...credentials,
  lastUpdated: credentials.dateCreated,
  deleted: false,
  status: computeEnvs.some(
    ({ credentialsId, credentialsValid }) => credentialsId === credentials.id && !credentialsValid,
  )
    ? 'INVALID'
    : 'AVAILABLE',
});

/** Which credentials work on which platforms, by the beginning of the platform's name. */
const usableOn = ({ provider }: Credentials, platformId: string) =>
  platformId.startsWith(provider) || (provider === 'ssh' && platformId === 'slurm-platform');

function list({ platform, query, principal }: Request) {
  const { workspace } = platform.access(query, principal);
  const platformId = text(query, 'platformId');
  return ok({
    credentials: workspace.credentials
      .filter((one) => platformId === undefined || usableOn(one, platformId))
      .map((one) => credentialsBody(workspace, one)),
  });
}

function describe({ platform, query, principal, params }: Request) {
  const { workspace } = platform.access(query, principal);
  const found = workspace.credentials.find(({ id }) => id === params.credentialsId);
  if (!found) throw forbidden();
  return ok({ credentials: credentialsBody(workspace, found) });
}

const SECRET_NAME = /^[a-zA-Z_](?:[0-9A-Za-z]+|(_)(?!\1)){1,49}$/;

function listSecrets({ platform, query, principal }: Request) {
  const { workspace } = platform.access(query, principal);
  const pipelineSecrets = workspace.secrets.map((secret) => ({ ...secret, lastUpdated: secret.dateCreated }));
  return ok({ pipelineSecrets, totalSize: pipelineSecrets.length });
}

function createSecret({ platform, query, principal, body, now }: Request) {
  const { workspace } = platform.access(query, principal, 'pipeline_secrets:write');
  const { name, value } = asObject(body);
  if (typeof name !== 'string' || !SECRET_NAME.test(name)) throw badRequest(`Invalid secret name: ${String(name)}`);
  if (typeof value !== 'string' || value === '') throw badRequest('Secret value cannot be empty');
  if (workspace.secrets.some((secret) => secret.name === name)) throw badRequest(`Secret '${name}' exists already`);
  const id = Math.max(6000, ...workspace.secrets.map((secret) => secret.id)) + 1;
  workspace.secrets.push({ id, name, dateCreated: new Date(now).toISOString() });
  return ok({ secretId: id });
}

function removeSecret({ platform, query, principal, params }: Request) {
  const { workspace } = platform.access(query, principal, 'pipeline_secrets:write');
  const at = workspace.secrets.findIndex(({ id }) => String(id) === params.secretId);
  if (at < 0) throw forbidden();
  workspace.secrets.splice(at, 1);
  return noContent();
}

export const credentialsRoutes: readonly Route[] = [
  { method: 'GET', template: '/credentials', handle: list },
  { method: 'GET', template: '/credentials/{credentialsId}', handle: describe },
  { method: 'GET', template: '/pipeline-secrets', handle: listSecrets },
  { method: 'POST', template: '/pipeline-secrets', handle: createSecret },
  { method: 'DELETE', template: '/pipeline-secrets/{secretId}', handle: removeSecret },
];
