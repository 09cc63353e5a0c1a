/**
 * What stays in the environment once the configuration is read: the variables of flows, and what Node.js and its
 * libraries look up later. Everything else, which a shell, a container platform or CI put there, is nobody's business
 * here, and would be the first thing to be looked for by code that gets out of a function node.
 */
const KEPT =
  /^(?:FLOW_\w+|PATH|HOME|USER|LOGNAME|TZ|LANG|LANGUAGE|LC_\w+|TMPDIR|NODE_(?!RED_)\w+|(?:https?|no|all)_proxy|SSL_CERT_(?:FILE|DIR))$/i;

/** Variables that flows may read. */
const FOR_FLOWS = /^FLOW_\w+$/;

export function isKept(name: string): boolean {
  // Lower-case letters mean something else only to these: `flow_x` is none of ours.
  return KEPT.test(name) && (FOR_FLOWS.test(name) || !/^flow_/i.test(name));
}

/** Names that Node-RED must not hand to flows: all that are there now or may be later, but those of flows. */
export function hiddenFromFlows(names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => !FOR_FLOWS.test(name)).sort();
}
