import { join } from 'node:path';
import type { RequestHandler } from 'express';
import type { Config } from '../server/config/index.ts';
import { type ContextStoreSetting, contextStorage } from './context-storage.ts';
import { editorScripts } from './editor-scripts.ts';
import { type FlowStorage, LateNodes } from './late-nodes.ts';
import { nodeNames } from './node-names.ts';
import { NODE_PACK, nodePackDir } from './node-pack.ts';
import { FILES_DIR, nodePolicy } from './node-policy.ts';
import { ownNodesDir } from './own-nodes.ts';

/**
 * The connections of the environment, on the settings object under `seqera`. The nodes read it from there, by reference:
 * so the tokens are in no credential store, no flow file, no `process.env`, and no answer to the editor.
 */
export interface ManagedConnections {
  defaultId: string;
  connections: Record<string, { name: string; baseUrl: string; workspaceId: string | null; token(): string }>;
  /** Told of everything that a node changes on the Platform: launches, cancels, and what else is no reading. */
  onWrite?: (node: string, write: { action: string; [detail: string]: unknown }) => void;
}

/** Node-RED's `logging` handler. */
export type LogHandler = (message: NodeRedLogMessage) => void;

export interface NodeRedLogMessage {
  /** 10 fatal … 60 trace, 98 audit, 99 metric. */
  level: number;
  msg?: unknown;
  id?: string;
  type?: string;
  z?: string;
  name?: string;
  path?: string;
  event?: string;
  [property: string]: unknown;
}

export interface SettingsOptions {
  config: Config;
  credentialSecret: string;
  storageModule: FlowStorage;
  managed: ManagedConnections;
  /** Where webhook nodes get routes that the credentials of the flows' endpoints do not guard: they check signatures. */
  webhooks?: object;
  logHandler: LogHandler;
  /** Both null when headless. */
  adminAuth: object | null;
  adminMiddleware: readonly RequestHandler[];
  /** Whether a deploy is to start the flows. */
  flowState: () => 'start' | 'stop';
  /** Seconds that the function node which runs now may take. */
  functionTimeLimit: () => number;
  /** The crash-safe context store. */
  durable: ContextStoreSetting;
}

/** Folder within the data folder that Node-RED takes for its own. */
export const USER_DIR = 'node-red';

/** Longest request that the admin API and HTTP-in nodes read: it is held in memory, in part before anyone signed in. */
export const API_MAX_LENGTH = '5mb';

/** Node-RED's settings for a Config. What is set against Node-RED's default bears its reason. */
export function nodeRedSettings(options: SettingsOptions): Record<string, unknown> {
  const { config } = options;
  const policy = nodePolicy(config.nodesAllow, config.data.dir);
  const editor = config.auth !== null && options.adminAuth !== null;
  const late = new LateNodes();
  const nodesDir = [
    nodePackDir(),
    // After Node-RED's own, whose place files of the same name take. A subflow in a package may have any node.
    ...(policy.packages.length > 0 ? [] : [ownNodesDir('late-nodes/core')]),
    ...(policy.filesFolder === null ? [] : [ownNodesDir('file-nodes')]),
  ];

  return {
    // No user, no admin API: an unprotected one is full control over this machine.
    httpAdminRoot: editor ? config.server.editorPath : false,
    disableEditor: !editor,
    ...(editor && { adminAuth: options.adminAuth }),
    // Deny by default: node packages add admin routes, and forget to protect them.
    httpAdminMiddleware: [...options.adminMiddleware],
    httpNodeRoot: config.server.httpPath,
    // Node-RED's apps do not inherit this when it is set on the app that they are mounted on.
    httpServerOptions: config.server.trustProxy === undefined ? {} : { 'trust proxy': config.server.trustProxy },
    apiMaxLength: API_MAX_LENGTH,

    userDir: join(config.data.dir, USER_DIR),
    storageModule: late.before(options.storageModule),
    credentialSecret: options.credentialSecret,
    contextStorage: contextStorage(options.durable),
    seqera: options.managed,
    redstart: { late, ...(options.webhooks !== undefined && { webhooks: options.webhooks }) },

    nodesDir,
    // Without it, Node-RED reads the package.json of each of some hundred packages beside it: a tenth of the start.
    nodesIncludes: nodeNames(nodesDir, policy.packages),
    // What relative names of files are relative to, whatever is allowed: a flow means the same file either way.
    fileWorkingDirectory: join(config.data.dir, FILES_DIR),
    // Nodes that reach out of the flows are named by whoever runs this, not by whoever draws a flow.
    nodesExcludes: policy.excludedFiles,
    externalModules: {
      // A missing module is a fault of the image; it is never fetched while running.
      autoInstall: false,
      palette: {
        // Code comes with the image, reviewed; an editor cannot add to it.
        allowInstall: false,
        allowUpdate: false,
        allowUpload: false,
        // Node-RED loads every node package that it finds in a node_modules folder; only these are meant to be loaded.
        denyList: ['*'],
        allowList: [NODE_PACK, ...policy.packages],
      },
      modules: { allowInstall: false },
    },
    // Modules from npm within a function node are code that nobody reviewed.
    functionExternalModules: policy.functionModules,
    // Otherwise any path on this machine can be probed by naming it as a certificate.
    tlsConfigDisableLocalFiles: !policy.tlsFiles,
    // A loop in a function node would stop every other flow for good. Asked for before each run.
    get globalFunctionTimeout() {
      return options.functionTimeLimit();
    },
    // Keys of the global context are nobody's business but the flow's.
    exportGlobalContextKeys: false,
    // Flows read FLOW_… and nothing else; most of the rest has left the environment before Node-RED starts anyway.
    envVarExcludes: [...config.hiddenVariables],
    // A message that does not fit must not fill the memory: debug, joins and splits, answers.
    debugMaxLength: 1000,
    nodeMessageBufferMaxLength: 100_000,
    // A node that does not close must not use up the time that a stop has.
    nodeCloseTimeout: 5000,
    // A socket that asks for an upgrade that nobody serves is dropped.
    inboundWebSocketTimeout: 5000,

    // It names the host, the network and every setting: the route is for administrators alone, and no menu shows it.
    diagnostics: { enabled: true, ui: false },
    // Operators start and stop the flows. A stop lasts until somebody starts them, or the program: see flow-state.ts.
    runtimeState: { enabled: true, ui: true },
    // Overrules what Node-RED would write down of a stop, so that no restart begins with flows that do not run.
    get runtimeFlowState() {
      return options.flowState();
    },
    telemetry: { enabled: false, updateNotification: false },
    // The lock: a user preference overrules `telemetry`, but nothing overrules a setting of this name.
    telemetryEnabled: false,
    logging: {
      // All of it: the level can be changed while it runs, which Node-RED's own cannot. The handler leaves out what is too much.
      redstart: { level: 'trace', metrics: false, audit: true, handler: () => options.logHandler },
    },

    editorTheme: {
      // The policy runs no inline handler; this does what they would have done.
      page: { title: 'Redstart', scripts: editorScripts() },
      header: { title: 'Redstart' },
      // It fetches and shows pages of another host.
      tours: false,
      // Git in the editor would be a second way to the flow files, with keys of its own.
      projects: { enabled: false },
      // The catalogue is fetched from another host, for installing what may not be installed.
      palette: { catalogues: [] },
      multiplayer: { enabled: false },
      codeEditor: { lib: 'monaco' },
    },
  };
}
