import type { Workspace } from '../entities.ts';
import { badRequest, forbidden } from '../errors.ts';
import { lesserRole } from '../principals.ts';
import { text } from '../query.ts';
import { ok, type Request, type Route } from '../router.ts';

const VERSION = '26.1.4';
const API_VERSION = '1.187.0';
const KIBIBYTE = 1024;
export const PARAMS_TEXT_LIMIT = 300 * KIBIBYTE;
export const CONFIG_TEXT_LIMIT = 200 * KIBIBYTE;
export const CONTENT_MAX_FILE_SIZE = 10 * KIBIBYTE * KIBIBYTE;

function wholeNumber(params: Record<string, string>, name: string): number {
  const given = params[name] ?? '';
  if (/^\d+$/.test(given)) return Number(given);
  throw badRequest(`Failed to convert argument [${name}] for value [${given}] due to: For input string: "${given}"`);
}

function userInfo({ platform }: Request) {
  const { user, showcase } = platform.seed;
  return ok({
    user: {
      ...user,
      organization: 'Redstart Labs',
      notification: false,
      termsOfUseConsent: true,
      marketingConsent: false,
      deleted: false,
      dateCreated: '2026-01-15T09:00:00Z',
      lastUpdated: '2026-01-15T09:00:00Z',
      lastAccess: '2026-01-15T09:00:00Z',
    },
    needConsent: false,
    defaultWorkspaceId: showcase.id,
  });
}

function serviceInfo() {
  return ok({
    serviceInfo: {
      version: VERSION,
      apiVersion: API_VERSION,
      commitId: '5e1d000',
      authTypes: ['token'],
      loginPath: '/login',
      heartbeatInterval: 60,
      userWorkspaceEnabled: true,
      allowInstanceCredentials: false,
      allowLocalRepos: false,
      allowNextflowCliLogs: true,
      contentMaxFileSize: CONTENT_MAX_FILE_SIZE,
      launchParamsTextMaxSize: PARAMS_TEXT_LIMIT,
      launchConfigTextMaxSize: CONFIG_TEXT_LIMIT,
      waveEnabled: true,
      groundswellEnabled: false,
      seqeraCloud: false,
      seqeraComputeEnabled: false,
      llmEnabled: false,
      navbar: { menus: [] },
    },
  });
}

function organizations({ platform, query }: Request) {
  const { organization } = platform.seed;
  const role = text(query, 'role');
  const all = [{ ...organization, memberId: 2001, memberRole: 'owner', type: 'pro', paying: true }];
  const list = all.filter(({ memberRole }) => role === undefined || memberRole === role);
  return ok({ organizations: list, totalSize: list.length });
}

function inOrganization({ platform, params }: Request): Workspace[] {
  const { organization } = platform.seed;
  if (wholeNumber(params, 'orgId') !== organization.orgId) throw forbidden();
  return platform.workspaces.filter((workspace) => workspace.organization === organization);
}

const workspaceBody = ({ id, name, fullName, visibility }: Workspace) => ({
  id,
  name,
  fullName,
  description: fullName,
  visibility,
});

function describeWorkspace(request: Request) {
  const id = wholeNumber(request.params, 'workspaceId');
  const found = inOrganization(request).find((workspace) => workspace.id === id);
  if (!found) throw forbidden();
  return ok({ workspace: workspaceBody(found) });
}

function userWorkspaces({ platform, params, principal }: Request) {
  const { user, organization } = platform.seed;
  if (wholeNumber(params, 'userId') !== user.id) throw forbidden();
  const org = { orgId: organization.orgId, orgName: organization.name, orgType: 'pro' };
  const rows = platform.workspaces
    .filter((workspace) => workspace.organization === organization)
    .map(({ id, name, fullName, visibility, role }) => ({
      ...org,
      workspaceId: id,
      workspaceName: name,
      workspaceFullName: fullName,
      visibility,
      roles: [lesserRole(role, principal.role)],
    }));
  // The organisation has a row of its own, which clients have to leave out.
  return ok({ orgsAndWorkspaces: [{ ...org, workspaceId: null, workspaceName: null }, ...rows] });
}

export const identityRoutes: readonly Route[] = [
  { method: 'GET', template: '/service-info', anonymous: true, handle: serviceInfo },
  { method: 'GET', template: '/user-info', handle: userInfo },
  { method: 'GET', template: '/orgs', handle: organizations },
  {
    method: 'GET',
    template: '/orgs/{orgId}/workspaces',
    handle: (request) => ok({ workspaces: inOrganization(request).map(workspaceBody) }),
  },
  { method: 'GET', template: '/orgs/{orgId}/workspaces/{workspaceId}', handle: describeWorkspace },
  { method: 'GET', template: '/user/{userId}/workspaces', handle: userWorkspaces },
];
