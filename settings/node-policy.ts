import { join, sep } from 'node:path';
import { RedstartError } from '../server/errors.ts';

/** A group of nodes that is off unless REDSTART_NODES_ALLOW names it. */
export interface NodeGroup {
  /** What it lets a flow do on this machine. */
  risk: string;
  /** Core node files, by base name: what Node-RED's `nodesExcludes` takes. */
  files: readonly string[];
  /** Node types in these files, to tell the author of a flow that uses one. */
  types: readonly string[];
  /** While it is off, nodes of Redstart have these types and do less. */
  replaced?: true;
}

/**
 * What is off by default. A function node can still reach what the process can: this keeps flows honest and reviewable,
 * the container (or Node's permission model) is what holds an attacker.
 */
export const NODE_GROUPS: Readonly<Record<string, NodeGroup>> = {
  exec: { risk: 'runs programs on this machine', files: ['90-exec.js'], types: ['exec'] },
  file: {
    risk: 'reads and writes any file that this user may',
    files: ['10-file.js'],
    types: ['file', 'file in'],
    replaced: true,
  },
  watch: { risk: 'watches any folder of this machine', files: ['23-watch.js'], types: ['watch'] },
  tcp: {
    risk: 'opens ports outside of the sign-in, and connects anywhere',
    files: ['31-tcpin.js'],
    types: ['tcp in', 'tcp out', 'tcp request'],
  },
  udp: {
    risk: 'opens ports outside of the sign-in, and sends anywhere',
    files: ['32-udp.js'],
    types: ['udp in', 'udp out'],
  },
  'function-modules': { risk: 'function nodes load modules from npm', files: [], types: [] },
  'tls-files': { risk: 'TLS configuration nodes read certificate files of this machine', files: [], types: [] },
};

const PACKAGE = /^(?:@[a-z0-9][\w.-]*\/)?(?:node-red-[\w.-]+|[\w.-]*node-red[\w.-]*)$/;
const SCOPED = /^@[a-z0-9][\w.-]*\/[\w.-]+$/;

export interface NodePolicy {
  /** Base names of core node files that are not loaded. */
  excludedFiles: string[];
  /** Node packages that may be loaded beside Redstart's own. */
  packages: string[];
  /** What was opened, each with what it lets a flow do: to be told at the start. */
  opened: string[];
  functionModules: boolean;
  tlsFiles: boolean;
  /** The folder that file nodes keep to; null when all files are open to them. */
  filesFolder: string | null;
  /** The group that a node type belongs to, if it is off. */
  groupOff(type: string): string | null;
  /** Node types that are off. */
  typesOff: readonly string[];
}

/** Folder within the data folder whose files flows may use. */
export const FILES_DIR = 'files';

/**
 * Reads REDSTART_NODES_ALLOW: names of groups or of node types in them, and of further node packages of the image.
 * The data folder matters to absolute names of files only: without one they are all outside.
 */
export function nodePolicy(names: readonly string[], dataDir: string = sep): NodePolicy {
  const allow = names.map((name) => groupOfType(name) ?? name);
  const packages = allow.filter(
    (name) => !Object.hasOwn(NODE_GROUPS, name) && (PACKAGE.test(name) || SCOPED.test(name)),
  );
  const unknown = allow.filter((name) => !Object.hasOwn(NODE_GROUPS, name) && !packages.includes(name));
  if (unknown.length > 0) {
    throw new RedstartError({
      code: 'NODES_ALLOW_UNKNOWN',
      message: `REDSTART_NODES_ALLOW names ${unknown.map((name) => `"${name}"`).join(', ')}, which is no group of nodes.`,
      mend: `Use a comma list of: ${Object.keys(NODE_GROUPS).join(', ')}; or the name of a node package (node-red-…, @scope/…).`,
    });
  }
  const off: [string, NodeGroup][] = Object.entries(NODE_GROUPS).filter(([name]) => !allow.includes(name));
  const gone = off.filter(([, { replaced }]) => !replaced);
  return {
    excludedFiles: off.flatMap(([, { files }]) => [...files]),
    packages,
    opened: [
      ...Object.entries(NODE_GROUPS)
        .filter(([name]) => allow.includes(name))
        .map(([name, { risk }]) => `${name} (${risk})`),
      ...packages.map((name) => `${name} (a package whose code runs in this process)`),
    ],
    functionModules: allow.includes('function-modules'),
    tlsFiles: allow.includes('tls-files'),
    filesFolder: allow.includes('file') ? null : join(dataDir, FILES_DIR),
    typesOff: gone.flatMap(([, { types }]) => [...types]),
    groupOff: (type) => gone.find(([, { types }]) => types.includes(type))?.[0] ?? null,
  };
}

function groupOfType(type: string): string | null {
  return Object.entries(NODE_GROUPS).find(([, { types }]) => types.includes(type))?.[0] ?? null;
}
