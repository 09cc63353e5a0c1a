import type { ConnectionRef } from './api.ts';
import { isVariable } from './validate.ts';

/** What Node-RED puts in a password field in place of a token that is stored on the server. */
export const STORED = '__PWRD__';

const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';

/** A workspace that only the server can read (`${VARIABLE}`) is left to it. */
const workspaceOf = (value: unknown): { workspaceId?: string } => {
  const workspaceId = asText(value);
  return isVariable(workspaceId) ? {} : { workspaceId };
};

/**
 * How the admin routes are told which connection is meant. A token that was typed and is not deployed goes along with its
 * address; a stored one is only named by its id, and the server sends it nowhere but where it belongs.
 */
export function describeConnection(id: string): ConnectionRef {
  const node = id && id !== '_ADD_' ? RED.nodes.node(id) : null;
  if (!node) return {}; // none, or one that is gone: the default connection, as when the flow runs
  const token = asText(node.credentials?.token);
  const baseUrl = asText(node.baseUrl);
  const workspace = workspaceOf(node.workspaceId);
  if (token && token !== STORED) return { baseUrl, token, ...workspace };
  return node.changed ? { id, baseUrl, ...workspace } : { id };
}

/**
 * The same for the connection whose dialog is open: what its fields say now. An address that was not touched is left out,
 * so that one written as `${VARIABLE}` (which only the server can read) still works with the deployed token.
 */
export function describeForm(
  node: RedEditorNode,
  form: { baseUrl: string; token: string; workspaceId: string },
): ConnectionRef {
  const { baseUrl, token } = form;
  const workspace = workspaceOf(form.workspaceId);
  if (token && token !== STORED) return { baseUrl, token, ...workspace };
  const untouched = !node.changed && baseUrl === asText(node.baseUrl);
  return { id: node.id, ...workspace, ...(untouched ? {} : { baseUrl }) };
}
