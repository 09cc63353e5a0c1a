import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asCaller } from '../audit/caller.ts';
import { RedstartError } from '../errors.ts';
import type { KeyRing } from '../state/key-ring.ts';
import { makeCheapToCopy } from './cheap-to-copy.ts';
import { type CredentialBlob, encryptBlob, mergedCredentials, withoutCredentials } from './credential-blob.ts';
import { createCredentialFile } from './credential-file.ts';
import { joinReferences, type ReferencingFlowStore, splitReferences } from './credential-references.ts';
import { DATA_FILES } from './data-files.ts';
import { type FlowNode, isObject } from './flow-node.ts';
import { createLibraryStore } from './library-store.ts';
import { replaceFile } from './write-files.ts';

export interface StorageModuleOptions {
  dataDir: string;
  /** What of the flows runs here, as Node-RED takes it: tabs that do not are disabled. Default: all as in the files. */
  asRun?: (nodes: FlowNode[]) => FlowNode[];
  flows: ReferencingFlowStore;
  /** What credentials are sealed with; its current secret is also Node-RED's own. */
  ring: KeyRing;
  /** Ids of the connections of the environment: what an editor sends as their credentials is not kept. */
  managedIds: readonly string[];
}

export { DATA_FILES } from './data-files.ts';

/** What Node-RED calls to read and write all that it keeps. */
export interface StorageModule {
  init(): Promise<void>;
  getFlows(): Promise<FlowNode[]>;
  saveFlows(nodes: FlowNode[], user?: { username?: string } | null): Promise<void>;
  getCredentials(): Promise<CredentialBlob>;
  saveCredentials(blob: CredentialBlob): Promise<void>;
  getSettings(): Promise<Record<string, unknown>>;
  saveSettings(settings: Record<string, unknown>): Promise<void>;
  getSessions(): Promise<Record<string, never>>;
  saveSessions(): Promise<void>;
  getLibraryEntry(type: string, path: string): Promise<unknown>;
  saveLibraryEntry(type: string, path: string, meta: Record<string, unknown>, body: string): Promise<void>;
}

/** Whom a deploy of what the files say is in the name of: there is nothing to write. */
export const FROM_FILES: { readonly username: string } = Object.freeze({ username: 'flow files' });

/** Node-RED's storage interface over the flow files and the data folder. */
export function createStorageModule(options: StorageModuleOptions): StorageModule {
  const { dataDir, flows, ring, asRun = (nodes) => nodes } = options;
  const marker = join(dataDir, DATA_FILES.credentialsSealed);
  const credentials = createCredentialFile({ path: join(dataDir, DATA_FILES.credentials), marker, ring });
  const beforeFile = join(dataDir, DATA_FILES.credentialsBefore);
  const beforeCredentials = createCredentialFile({ path: beforeFile, marker, ring });
  const settingsFile = join(dataDir, DATA_FILES.settings);
  const library = createLibraryStore(join(dataDir, DATA_FILES.library));
  let credentialsBefore: CredentialBlob | null = null;

  // Node-RED asks with hasOwnProperty for settings and sessions: the methods of a class would silently not be found.
  return {
    async init() {
      await mkdir(join(dataDir, DATA_FILES.removedFlows), { recursive: true, mode: 0o700 });
    },
    getFlows: async () => asRun(await flows.load()),
    async saveFlows(nodes, user) {
      // Node-RED stores the credentials first. If the flows are then refused, theirs must be back: without this, the
      // credentials of a node that was deleted in a refused deploy would be gone while the node is still there.
      const before = credentialsBefore;
      credentialsBefore = null;
      try {
        if (user !== FROM_FILES)
          await asCaller(user?.username === undefined ? {} : { user: user.username }, () => flows.save(nodes));
      } catch (error) {
        if (before) await credentials.write(before);
        throw error;
      } finally {
        if (before) await rm(beforeFile, { force: true });
      }
      // These are the very nodes that Node-RED goes on with.
      makeCheapToCopy(nodes);
      // It has compared all nodes and is about to start them: between the two others have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    },
    async getCredentials() {
      let blob = await credentials.read();
      const before = await beforeCredentials.read();
      if ('$' in before) {
        // The process died in a deploy. The flows may be those of before, and their nodes need what they had.
        blob = mergedCredentials(before, blob, ring.current);
        await credentials.write(blob);
        await rm(beforeFile, { force: true });
      }
      // Of a plain {} Node-RED warns that it is not encrypted.
      const encrypted = '$' in blob ? blob : encryptBlob({}, ring.current);
      return joinReferences(encrypted, flows.references, ring.current);
    },
    async saveCredentials(blob) {
      credentialsBefore = await credentials.read();
      if ('$' in credentialsBefore) await beforeCredentials.write(credentialsBefore);
      const own = withoutCredentials(blob, ring.current, options.managedIds);
      const { blob: kept, references } = splitReferences(own, ring.current);
      flows.prepare(references);
      await credentials.write(kept);
    },
    async getSettings() {
      try {
        const value: unknown = JSON.parse(await readFile(settingsFile, 'utf8'));
        if (isObject(value)) return value;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      }
      throw new RedstartError({
        code: 'SETTINGS_FILE_DAMAGED',
        message: `${settingsFile} is not readable JSON.`,
        mend: 'Restore it from a backup, or remove it: it holds the editor preferences of the users and nothing else that matters.',
      });
    },
    saveSettings: (settings) => replaceFile(settingsFile, JSON.stringify(settings, null, 2), 0o600),
    // It makes none: who is signed in is known in front of it, see auth/.
    getSessions: async () => ({}),
    saveSessions: async () => {},
    getLibraryEntry: (type, path) => library.get(type, path),
    saveLibraryEntry: (type, path, meta, body) => library.save(type, path, meta, body),
  };
}
