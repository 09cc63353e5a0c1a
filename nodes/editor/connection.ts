import type { ConnectionRef } from './api.js';

/** What Node-RED puts in a password field in place of a token that is stored on the server. */
export const STORED = '__PWRD__';

const asText = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

/**
 * How the admin routes are told which connection is meant. A token that was typed and is not deployed goes along with its
 * address; a stored one is only named by its id, and the server sends it nowhere but where it belongs.
 */
export function describeConnection(id: string): ConnectionRef {
  const node = id && id !== '_ADD_' ? RED.nodes.node(id) : null;
  if (!node) return {}; // none, or one that is gone: the default connection, as when the flow runs
  const token = asText(node.credentials?.token);
  const baseUrl = asText(node.baseUrl);
  const workspaceId = asText(node.workspaceId);
  if (token && token !== STORED) return { baseUrl, token, ...(workspaceId ? { workspaceId } : {}) };
  return node.changed ? { id, baseUrl, ...(workspaceId ? { workspaceId } : {}) } : { id };
}

/**
 * The same for the connection whose dialog is open: what its fields say now. An address that was not touched is left out,
 * so that one written as `${VARIABLE}` (which only the server can read) still works with the deployed token.
 */
export function describeForm(
  node: RedEditorNode,
  form: { baseUrl: string; token: string; workspaceId: string },
): ConnectionRef {
  const { baseUrl, token, workspaceId } = form;
  if (token && token !== STORED) return { baseUrl, token, workspaceId };
  const untouched = !node.changed && baseUrl === asText(node.baseUrl);
  return { id: node.id, workspaceId, ...(untouched ? {} : { baseUrl }) };
}
