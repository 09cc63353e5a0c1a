import type { Action } from './actions/action.ts';
import { DataLinkStore } from './data-links/data-link-store.ts';
import { DatasetStore } from './datasets/dataset-store.ts';
import type { Label, Pipeline, Workspace } from './entities.ts';
import { badRequest, forbidden } from './errors.ts';
import { demand, lesserRole, type Permission, type Principal } from './principals.ts';
import { integer } from './query.ts';
import { Random } from './random.ts';
import type { Run } from './run.ts';
import { RunStore } from './run-store.ts';
import { type ParsedScenario, type Role, ScenarioError } from './scenario.ts';
import { type Seed, seed } from './seed.ts';
import { seedData } from './seed-data.ts';
import { StudioStore } from './studios/studio-store.ts';

export interface Access {
  workspace: Workspace;
  role: Role;
}

const LABELS_PER_WORKSPACE = 1000;

/** Everything that the Platform knows. */
export class Platform {
  readonly seed: Seed = seed();
  readonly runs = new RunStore();
  readonly workspaces: Workspace[];
  readonly random: Random;
  readonly dataLinks: DataLinkStore;
  readonly datasets: DatasetStore;
  readonly studios: StudioStore;
  readonly actions: readonly Action[];
  readonly #pipelines = new Map<number, Pipeline>();
  readonly #byLaunch = new Map<string, Pipeline>();
  #nextLabelId = 504;

  constructor(seedOfIds: number) {
    this.random = new Random(seedOfIds);
    this.workspaces = [this.seed.personal, this.seed.showcase, this.seed.reference];
    const data = seedData(this.seed);
    this.dataLinks = new DataLinkStore(data.dataLinks);
    this.datasets = new DatasetStore(data.datasets);
    this.studios = new StudioStore(data.studios);
    this.actions = data.actions;
    for (const pipeline of this.workspaces.flatMap(({ pipelines }) => pipelines)) {
      this.#pipelines.set(pipeline.pipelineId, pipeline);
      this.#byLaunch.set(pipeline.launchId, pipeline);
    }
  }

  /** @throws ApiError 403 for a workspace that is not there, or an organisation's id in its place */
  workspaceById(id: number | null): Workspace {
    const workspace = this.workspaces.find((one) => one.id === id);
    if (!workspace) throw forbidden();
    return workspace;
  }

  /** The workspace that the query names, or the personal one, and what the caller is in it. */
  access(query: URLSearchParams, principal: Principal, permission?: Permission): Access {
    const workspace = this.workspaceById(integer(query, 'workspaceId') ?? null);
    const role = lesserRole(workspace.role, principal.role);
    if (permission) demand(role, permission);
    return { workspace, role };
  }

  pipelineByLaunch(launchId: string): Pipeline | undefined {
    return this.#byLaunch.get(launchId);
  }

  /**
   * A pipeline of this workspace, or a shared one of the workspace that the caller says it is from.
   * @throws ApiError 403
   */
  pipeline(id: number, workspace: Workspace, sourceWorkspaceId: number | undefined): Pipeline {
    const pipeline = this.#pipelines.get(id);
    if (!pipeline || !this.isVisible(pipeline, workspace, sourceWorkspaceId)) throw forbidden();
    return pipeline;
  }

  isVisible(pipeline: Pipeline, workspace: Workspace, sourceWorkspaceId: number | undefined): boolean {
    const home = pipeline.workspace;
    if (home === workspace) return sourceWorkspaceId === undefined || sourceWorkspaceId === workspace.id;
    return isShared(home, workspace) && home.id === sourceWorkspaceId;
  }

  sharedWith(workspace: Workspace): Pipeline[] {
    return this.workspaces.filter((home) => isShared(home, workspace)).flatMap(({ pipelines }) => pipelines);
  }

  /** @throws ApiError 403, also when the run is in another workspace */
  run(id: string, workspace: Workspace): Run {
    const run = this.runs.byId(id);
    if (run?.workspace !== workspace) throw forbidden();
    return run;
  }

  addLabel(workspace: Workspace, fields: Pick<Label, 'name' | 'value' | 'resource' | 'isDefault'>, now: number): Label {
    if (workspace.labels.length >= LABELS_PER_WORKSPACE)
      throw badRequest(`The maximum number of labels per workspace has been reached (${LABELS_PER_WORKSPACE})`);
    const label = { id: this.#nextLabelId, ...fields, dateCreated: new Date(now).toISOString() };
    this.#nextLabelId += 1;
    workspace.labels.push(label);
    return label;
  }

  /** All or none. @throws ScenarioError */
  applyComputeEnvChanges(changes: ParsedScenario['computeEnvs']): void {
    const all = this.workspaces.flatMap(({ computeEnvs }) => computeEnvs);
    const unknown = Object.keys(changes).filter((name) => !all.some((one) => one.name === name));
    if (unknown.length > 0)
      throw new ScenarioError(
        unknown.map((name) => `computeEnvs: there is no ${name}, there are ${all.map((one) => one.name).join(', ')}`),
        'scenario',
      );
    for (const computeEnv of all) {
      const change = changes[computeEnv.name];
      computeEnv.status = change?.status ?? computeEnv.status;
      computeEnv.credentialsValid = change?.credentialsValid ?? computeEnv.credentialsValid;
    }
  }
}

/** Shared workspaces show their pipelines to the other workspaces of the same organisation. */
const isShared = (home: Workspace, seenFrom: Workspace) =>
  home !== seenFrom && home.visibility === 'SHARED' && home.organization === seenFrom.organization;
