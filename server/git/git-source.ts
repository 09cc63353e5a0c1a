import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Audit } from '../audit/audit-event.ts';
import { asCaller, currentCaller } from '../audit/caller.ts';
import { checkFlowsAside } from '../check/check-flows.ts';
import { CheckMemory } from '../check/check-memory.ts';
import { createWorld } from '../check/world.ts';
import type { Config, GitConfig } from '../config/index.ts';
import { variablesForFlows } from '../config/process-config.ts';
import { RedstartError } from '../errors.ts';
import { type FlowFile, nodesOf } from '../flows/flow-file.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import type { FlowStore } from '../flows/flow-store.ts';
import { readFlowFiles } from '../flows/read-flows.ts';
import { namesFor } from '../promotion/named-flows.ts';
import { createGitClient } from './git-client.ts';
import { GitError, notPermitted } from './git-error.ts';
import { createGitFollower, type GitStatus } from './git-follower.ts';
import { GIT_WEBHOOK_PATH, gitWebhook } from './webhook.ts';

/** Where the flows of this appliance come from, when that is a repository. */
export interface GitSource {
  /** The same files, and what is deployed to them is pushed. */
  pushing(files: FlowStore): FlowStore;
  /** Requests that are answered here, by path. */
  routes: ReadonlyMap<string, (request: Request, response: Response) => void>;
  /** What puts the flows of the folder in force. */
  deployWith(deploy: () => Promise<void>): void;
  /** From now on the repository is followed. */
  start(): void;
  status(): GitStatus;
  stop(): Promise<void>;
}

/** Whom deploys of new revisions are in the name of. */
const GIT_USER = 'git';

/** Longest time that the rehearsals of a revision may take. */
const REHEARSAL_MS = 10 * 60_000;

/** Null when flows do not come from git. Resolves when the flows of the last good revision are in their folder. */
export async function openGitSource(options: {
  config: Config;
  logger: Logger;
  audit: Audit;
}): Promise<GitSource | null> {
  const { config, logger, audit } = options;
  if (config.git === null) return null;
  const { git } = config;
  const stopping = new AbortController();
  let deploy: (() => Promise<void>) | null = null;
  try {
    if (process.permission?.has('child') === false) throw notPermitted();
    const dir = join(config.data.dir, 'git');
    const client = await createGitClient({
      config: git,
      dir,
      proxy: config.proxy,
      signal: stopping.signal,
    });
    const follower = createGitFollower({
      config: git,
      git: client,
      dir,
      flowsDir: config.flows.dir,
      check: createCheck(config),
      rehearse: git.rehearse ? (folder) => rehearse(folder, config, join(dir, 'home'), stopping.signal) : null,
      apply: async () => await asCaller({ user: GIT_USER }, async () => await deploy?.()),
      audit,
      logger,
      schedule(work, milliseconds) {
        const timer = setTimeout(work, milliseconds);
        return () => clearTimeout(timer);
      },
      now: () => new Date(),
    });
    await follower.prepare();
    const trigger = (): void => void follower.sync(true);
    return {
      pushing(files) {
        const save = async (nodes: readonly FlowNode[]): Promise<void> => {
          await files.save(nodes);
          const { user } = currentCaller();
          if (user !== GIT_USER) follower.deployed(user ?? 'unknown');
        };
        // Its getters stay getters.
        return Object.defineProperties(
          {},
          { ...Object.getOwnPropertyDescriptors(files), save: { value: save, enumerable: true } },
        ) as FlowStore;
      },
      routes: webhookRoutes(git, trigger, logger),
      deployWith(work) {
        deploy = work;
      },
      start: () => follower.start(),
      status: () => follower.status(),
      async stop() {
        stopping.abort();
        await follower.stop();
      },
    };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const { code, message, mend } = error;
    throw new RedstartError({ code, message, mend, cause: error });
  }
}

function webhookRoutes(
  { webhookSecret }: GitConfig,
  trigger: () => void,
  logger: Logger,
): ReadonlyMap<string, (request: Request, response: Response) => void> {
  if (webhookSecret === null) return new Map();
  const router = gitWebhook({ secret: webhookSecret.reveal(), trigger, logger });
  const handle = (request: Request, response: Response): void => {
    router(request, response, (error?: unknown) => {
      const { status = 404 } = (error ?? {}) as { status?: number };
      response.status(status).end();
    });
  };
  return new Map([[GIT_WEBHOOK_PATH, handle]]);
}

/** Remembers the files of the last revision that was good: of the next one only those that changed are read and checked. */
function createCheck(config: Config): (folder: string) => Promise<string[]> {
  const memory = new CheckMemory();
  let known: readonly FlowFile[] = [];
  return async (folder) => {
    // What a load would refuse, the check tells with its place, where it can.
    const [files, refused] = await readFlowFiles(folder, known).then(
      (read) => [read, null] as const,
      (error: unknown) => [null, error] as const,
    );
    const { findings } = await checkFlowsAside({
      path: folder,
      world: createWorld(config, variablesForFlows()),
      base: folder,
      ...(files && { read: files, memory }),
    });
    const errors = findings
      .filter(({ severity }) => severity === 'error')
      .map(({ file, line, message }) => `${file ?? ''}${line === null ? '' : `:${line}`}: ${message}`);
    if (errors.length > 0) return errors;
    // Here the folder's path means nothing to anybody.
    try {
      if (files === null) throw refused;
      await namesFor(folder, config.environment, files.flatMap(nodesOf));
      known = files;
      return [];
    } catch (error) {
      if (!(error instanceof RedstartError)) throw error;
      return [error.message.replaceAll(`${folder}/`, '')];
    }
  };
}

/** In a process of its own: rehearsals run flows, and time of their own. What may be started and read here holds there. */
async function rehearse(folder: string, config: Config, home: string, signal: AbortSignal): Promise<string[]> {
  const main = fileURLToPath(new URL(`../main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
  // Its standard error is for what somebody has to mend.
  const child = spawn(process.execPath, ['--no-warnings', main, 'test', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: REHEARSAL_MS,
    signal,
    // Of this appliance's configuration only which nodes there are: a rehearsal must come out the same everywhere. In a
    // container there may be no other place for temporary files.
    env: {
      PATH: config.git?.searchPath,
      HOME: home,
      TMPDIR: home,
      NO_COLOR: '1',
      REDSTART_NODES_ALLOW: config.nodesAllow.join(','),
    },
  });
  const exit = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [code, out, err] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  if (code === 0) return [];
  const lines = `${out}\n${err}`
    .replaceAll(`${folder}/`, '')
    .replaceAll(folder, 'the repository')
    .split('\n')
    .flatMap((line) => line.trim() || []);
  if (lines.length === 0) return [`redstart test ended with ${code}`];
  // The first that fails, with what it got, and nothing of those that pass.
  const first = Math.max(
    0,
    lines.findIndex((line) => line.startsWith('✗')),
  );
  return [lines.slice(first, first + 7).join('; ')];
}
