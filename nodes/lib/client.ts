import { SeqeraError } from './errors.ts';
import type { HttpAnswer, HttpCall, HttpClient, RetryNotice } from './http-client.ts';
import { type PlatformWrite, tellSafely, tellWrite } from './platform-write.ts';
import type {
  ComputeEnv,
  Label,
  LaunchConfig,
  Pipeline,
  Run,
  Runs,
  ServiceInfo,
  UserInfo,
  Workspace,
} from './schemas.ts';
import { segment } from './urls.ts';

/** What all calls of one piece of work have in common. */
export interface CallScope {
  /** Sent with every call on a workspace, POST included; null: the personal workspace. */
  workspaceId?: string | null;
  /** Callers are served in turn: a node's id. */
  caller?: string;
  signal?: AbortSignal;
  onRetry?: (notice: RetryNotice) => void;
  /** Tries of one call in all. */
  attempts?: number;
  /** Told of each call that changes something. */
  onWrite?: (write: PlatformWrite) => void;
}

export interface PlatformCall extends HttpCall {
  /** False for the few calls that are about no workspace. Default true. */
  inWorkspace?: boolean;
}

export interface Page {
  search?: string;
  max?: number;
  offset?: number;
}

/** The largest page that the Platform gives. */
export const PAGE = 100;

/** Loaded with the first answer: whoever only loads the node does not pay for it. */
const schemas = () => import('./schemas.ts');

/** The Platform's calls, typed. `with` gives the same client for another workspace or caller. */
export class PlatformClient {
  readonly #http: HttpClient;
  readonly #scope: CallScope;

  constructor(http: HttpClient, scope: CallScope = {}) {
    this.#http = http;
    this.#scope = scope;
  }

  get baseUrl(): string {
    return this.#http.baseUrl;
  }

  /** Shared by all views of one connection: what is kept per connection is keyed by it. */
  get http(): HttpClient {
    return this.#http;
  }

  get workspaceId(): string | null {
    return this.#scope.workspaceId ?? null;
  }

  with(scope: CallScope): PlatformClient {
    return new PlatformClient(this.#http, { ...this.#scope, ...scope });
  }

  /** Any call of the API. @throws SeqeraError */
  request({ inWorkspace = true, ...call }: PlatformCall): Promise<HttpAnswer> {
    const { workspaceId, caller, signal, onRetry, attempts, onWrite } = this.#scope;
    const write = {
      method: call.method ?? 'GET',
      path: call.path,
      platform: this.baseUrl,
      workspaceId: inWorkspace ? this.workspaceId : null,
      body: call.body,
    };
    return tellWrite(write, onWrite, () =>
      this.#http.call({
        ...(caller === undefined ? {} : { caller }),
        ...(signal === undefined ? {} : { signal }),
        ...(onRetry === undefined ? {} : { onRetry }),
        ...(attempts === undefined ? {} : { attempts }),
        ...call,
        query: { ...(inWorkspace ? { workspaceId } : {}), ...call.query },
      }),
    );
  }

  /** The answer to a launch was lost, and this is its run. */
  tellAdopted(runId: string, runName: string): void {
    const { onWrite } = this.#scope;
    if (!onWrite) return;
    tellSafely(onWrite, {
      action: 'launch',
      method: 'POST',
      path: '/workflow/launch',
      platform: this.baseUrl,
      workspaceId: this.workspaceId,
      runId,
      runName,
      outcome: 'done',
      adopted: true,
    });
  }

  async userInfo(): Promise<UserInfo> {
    const what = 'Asking who the token is';
    const { body } = await this.request({ path: '/user-info', inWorkspace: false, what });
    const { readAnswer, userInfo } = await schemas();
    return readAnswer(userInfo, body, what);
  }

  async serviceInfo(): Promise<ServiceInfo['serviceInfo']> {
    const what = 'Asking for the version of the Platform';
    const { body } = await this.request({ path: '/service-info', inWorkspace: false, what });
    const { readAnswer, serviceInfo } = await schemas();
    return readAnswer(serviceInfo, body, what).serviceInfo;
  }

  /** The user's workspaces with the user's roles there; organisations without one are left out. */
  async workspaces(userId: number): Promise<Workspace[]> {
    const what = 'Listing the workspaces';
    const { body } = await this.request({ path: `/user/${segment(userId)}/workspaces`, inWorkspace: false, what });
    const { readAnswer, workspaces } = await schemas();
    const rows = readAnswer(workspaces, body, what).orgsAndWorkspaces ?? [];
    return rows.filter(({ workspaceId }) => workspaceId !== null && workspaceId !== undefined);
  }

  /** Of this workspace and those shared with it. The search is by part of the name. */
  async pipelines({ search, max = PAGE, offset = 0 }: Page = {}): Promise<{ pipelines: Pipeline[]; total: number }> {
    const what = 'Listing the launchpad';
    const query = { search, max, offset, visibility: 'all' };
    const { body } = await this.request({ path: '/pipelines', query, what, needs: 'role View' });
    const { readAnswer, pipelines } = await schemas();
    const answer = readAnswer(pipelines, body, what);
    const list = answer.pipelines ?? [];
    return { pipelines: list, total: totalOf(answer.totalSize, offset, list.length, max) };
  }

  /** @param sourceWorkspaceId of a pipeline that another workspace shares */
  async pipelineLaunch(pipelineId: number | string, sourceWorkspaceId?: string): Promise<LaunchConfig> {
    const what = `Reading the launch settings of pipeline ${pipelineId}`;
    const path = `/pipelines/${segment(pipelineId)}/launch`;
    const { body } = await this.request({ path, query: { sourceWorkspaceId }, what, needs: 'role Launch' });
    const { readAnswer, launchConfig } = await schemas();
    return readAnswer(launchConfig, body, what).launch;
  }

  async labels({ search, max = PAGE, offset = 0 }: Page = {}): Promise<{ labels: Label[]; total: number }> {
    const what = 'Listing the labels';
    const query = { search, max, offset, type: 'simple' };
    const { body } = await this.request({ path: '/labels', query, what });
    const { readAnswer, labels } = await schemas();
    const answer = readAnswer(labels, body, what);
    const list = answer.labels ?? [];
    return { labels: list, total: totalOf(answer.totalSize, offset, list.length, max) };
  }

  /** A simple label. Not repeated after an unclear failure: the caller looks for it first. */
  async createLabel(name: string): Promise<Label> {
    const what = `Creating the label "${name}"`;
    const body = { name, resource: false };
    const answer = await this.request({ method: 'POST', path: '/labels', body, what, needs: 'role Maintain' });
    const { readAnswer, createdLabel } = await schemas();
    return readAnswer(createdLabel, answer.body, what);
  }

  async computeEnvs(status?: string): Promise<ComputeEnv[]> {
    const what = 'Listing the compute environments';
    const { body } = await this.request({ path: '/compute-envs', query: { status }, what });
    const { readAnswer, computeEnvs } = await schemas();
    return readAnswer(computeEnvs, body, what).computeEnvs ?? [];
  }

  async randomRunName(): Promise<string> {
    const what = 'Asking for a run name';
    const { body } = await this.request({ path: '/workflow/random-name', inWorkspace: false, what });
    const { readAnswer, randomName } = await schemas();
    return readAnswer(randomName, body, what).name;
  }

  /** Never repeated by itself once it may have taken effect. See `launchOnce`. */
  async launch(launch: Record<string, unknown>, sourceWorkspaceId?: string, needs?: string): Promise<LaunchAnswer> {
    const what = 'Launching the run';
    const answer = await this.request({
      method: 'POST',
      path: '/workflow/launch',
      query: { sourceWorkspaceId },
      body: { launch },
      what,
      idempotent: false,
      ...(needs === undefined ? {} : { needs }),
    });
    const { readAnswer, launched } = await schemas();
    return readAnswer(launched, answer.body, what);
  }

  /** Newest first. `minimal`: without what a list of many does not need. */
  async runs({ search, max = PAGE, offset = 0, minimal = false }: Page & { minimal?: boolean } = {}): Promise<Runs> {
    const what = 'Listing the runs';
    const query = { search, max, offset, ...(minimal ? { attributes: 'minimal' } : {}) };
    const { body } = await this.request({ path: '/workflow', query, what, needs: 'role View' });
    const { readAnswer, runs } = await schemas();
    return readAnswer(runs, body, what);
  }

  async run(workflowId: string): Promise<Run> {
    const what = `Reading the run ${workflowId}`;
    const { body } = await this.request({ path: `/workflow/${segment(workflowId)}`, what, needs: 'role View' });
    const { readAnswer, run } = await schemas();
    return readAnswer(run, body, what);
  }

  /** How a run was launched, for launching it again. */
  async runLaunch(workflowId: string): Promise<LaunchConfig> {
    const what = `Reading how the run ${workflowId} was launched`;
    const { body } = await this.request({
      path: `/workflow/${segment(workflowId)}/launch`,
      what,
      needs: 'role Launch',
    });
    const { readAnswer, launchConfig } = await schemas();
    return readAnswer(launchConfig, body, what).launch;
  }
}

/** A full page of a list that does not say how long it is may have another one behind it. */
export const totalOf = (said: number | null | undefined, offset: number, count: number, max: number): number =>
  said ?? (count >= max ? Number.POSITIVE_INFINITY : offset + count);

export type LaunchAnswer = { workflowId: string } & Record<string, unknown>;

/** Every page of a list that has `max` and `offset`. @throws when the list does not end within `most` pages */
export async function allPages<T>(
  page: (offset: number) => Promise<{ items: T[]; total: number }>,
  what: string,
  most = 200,
): Promise<T[]> {
  const all: T[] = [];
  for (let i = 0; i < most; i += 1) {
    const { items, total } = await page(all.length);
    all.push(...items);
    if (items.length === 0 || all.length >= total) return all;
  }
  throw new SeqeraError(
    'SEQERA_ANSWER_TOO_LARGE',
    `${what} failed: the list does not end after ${all.length} entries.`,
  );
}
