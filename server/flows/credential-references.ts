import { RedstartError } from '../errors.ts';
import { isReference, referencedName } from '../secrets/secret-reference.ts';
import { type CredentialBlob, type Credentials, decryptBlob, encryptBlob } from './credential-blob.ts';
import { type FlowNode, isObject, titleOf } from './flow-node.ts';
import { DeployError, type FlowStore } from './flow-store.ts';

/** By node id: which fields are references. */
export type References = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * The flow files with references to secrets in them: a node's property `credentials`, whose values are all `secret:NAME`.
 * Node-RED keeps credentials apart from flows, so it gets them apart; a deploy writes them back into the files.
 */
export interface ReferencingFlowStore extends FlowStore {
  /** As in the files, or in the deploy that is being written. */
  readonly references: References;
  /** As the editor sends nodes, with credentials in clear: of these only references are taken, as nothing else is for files. */
  plan: FlowStore['plan'];
  /** Those of a deploy, before its flows are saved. */
  prepare(references: References): void;
}

export function withReferences(flows: FlowStore): ReferencingFlowStore {
  let references: References = {};
  let prepared: References | null = null;
  let fault: Error | null = null;

  // A prototype and not a copy: `files` and `fault` are getters.
  return Object.create(flows, {
    load: {
      value: async (): Promise<FlowNode[]> => {
        fault = null;
        const nodes = await flows.load();
        try {
          references = Object.fromEntries(nodes.flatMap((node) => referencesIn(node, flows)));
        } catch (error) {
          fault = error as Error;
          throw error;
        }
        prepared = null;
        return nodes.map((node) => {
          if (!('credentials' in node)) return node;
          const { credentials: _, ...rest } = node;
          return rest as FlowNode;
        });
      },
    },
    save: {
      value: async (nodes: readonly FlowNode[]): Promise<void> => {
        const next = prepared ?? references;
        prepared = null;
        await flows.save(withTheirs(nodes, next));
        const there = new Set(nodes.map(({ id }) => id));
        references = Object.fromEntries(Object.entries(next).filter(([id]) => there.has(id)));
      },
    },
    plan: {
      value: (nodes: readonly FlowNode[]) =>
        flows.plan(
          nodes.map(({ credentials, ...node }) => {
            const own = edited(references[node.id] ?? {}, credentials);
            return (Object.keys(own).length > 0 ? { ...node, credentials: own } : node) as FlowNode;
          }),
        ),
    },
    prepare: {
      value(next: References): void {
        prepared = next;
      },
    },
    references: { get: () => prepared ?? references },
    fault: { get: () => fault ?? flows.fault },
  }) as ReferencingFlowStore;
}

/** As they stand in the files. */
function withTheirs(nodes: readonly FlowNode[], references: References): FlowNode[] {
  return nodes.map((node) => {
    const own = references[node.id];
    if (!own) return node;
    if (!canResolve(node)) throw unresolvable(node);
    return { ...node, credentials: { ...own } };
  });
}

/** Credentials apart: those that are references, which may stand in a flow file, and the others, which may not. */
export function splitReferences(
  blob: CredentialBlob,
  secret: string,
): { blob: CredentialBlob; references: References } {
  const credentials = decryptBlob(blob, secret);
  const references: Record<string, Record<string, string>> = {};
  if (!credentials) return { blob, references };
  for (const [id, fields] of Object.entries(credentials)) {
    if (!isObject(fields)) continue;
    for (const [field, value] of Object.entries(fields)) {
      if (!isReference(value)) continue;
      references[id] = { ...references[id], [field]: value };
      delete fields[field];
    }
    if (references[id] && Object.keys(fields).length === 0) delete credentials[id];
  }
  return Object.keys(references).length > 0
    ? { blob: encryptBlob(credentials, secret), references }
    : { blob, references };
}

/** Both together again, for Node-RED. What a flow file says goes before what was typed in earlier. */
export function joinReferences(blob: CredentialBlob, references: References, secret: string): CredentialBlob {
  if (Object.keys(references).length === 0) return blob;
  const credentials: Credentials = { ...decryptBlob(blob, secret) };
  for (const [id, fields] of Object.entries(references)) {
    const own = credentials[id];
    credentials[id] = { ...(isObject(own) ? own : {}), ...fields };
  }
  return encryptBlob(credentials, secret);
}

/** What of a node's `credentials` in a flow file must not stand there, in words; null when all is well. */
export function credentialsFault(node: FlowNode): string | null {
  const { credentials } = node;
  if (credentials === undefined) return null;
  if (!isObject(credentials)) return 'its "credentials" are no object';
  for (const [field, value] of Object.entries(credentials)) {
    if (!isReference(value)) return `its credential "${field}" is not a reference to a secret`;
    if (referencedName(value) === null) return `its credential "${field}" names a secret by a name that none can have`;
  }
  if (!canResolve(node) && Object.keys(credentials).length > 0)
    return `secrets cannot be referred to in a ${node.type}: only nodes read them`;
  return null;
}

function referencesIn(node: FlowNode, flows: FlowStore): [string, Record<string, string>][] {
  const why = credentialsFault(node);
  if (why !== null) {
    throw new RedstartError({
      code: 'FLOW_FILE_HAS_CREDENTIALS',
      message: `${flows.fileOf(node.id) ?? 'A flow file'}: the node "${titleOf(node)}" (${node.type}, id ${node.id}) cannot be taken: ${why}.`,
      mend: 'In a flow file a credential is always "secret:NAME", which stands for the file NAME in REDSTART_SECRETS_DIR. If a real one was committed, it needs replacing.',
    });
  }
  return isObject(node.credentials) && Object.keys(node.credentials).length > 0
    ? [[node.id, node.credentials as Record<string, string>]]
    : [];
}

/** What an editor sends of a password that was not touched. */
const UNTOUCHED = '__PWRD__';

function edited(own: Readonly<Record<string, string>>, sent: unknown): Record<string, string> {
  const next = { ...own };
  for (const [field, value] of Object.entries(isObject(sent) ? sent : {})) {
    if (value === UNTOUCHED) continue;
    if (isReference(value) && referencedName(value) !== null) next[field] = value;
    else delete next[field];
  }
  return next;
}

/** What has credentials that no node reads as its own: environment variables of flows, groups and subflows. */
const canResolve = ({ type }: FlowNode): boolean =>
  !/^(?:tab|group|subflow|global-config)$/.test(type) && !type.startsWith('subflow:');

function unresolvable(node: FlowNode): DeployError {
  return new DeployError(
    'FLOW_SECRET_MISPLACED',
    400,
    `Not deployed: "${titleOf(node)}" has a credential secret:… among its environment variables. Only the credentials of nodes can refer to secrets: enter it there.`,
  );
}
