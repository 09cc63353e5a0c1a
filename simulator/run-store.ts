import type { Workspace } from './entities.ts';
import type { Run } from './run.ts';

/** By submission. New runs go to the end; only history that a scenario adds late has to find its place. */
function insert(list: Run[], run: Run): void {
  let at = list.length;
  while (at > 0 && (list[at - 1]?.submitAt ?? 0) > run.submitAt) at -= 1;
  if (at === list.length) list.push(run);
  else list.splice(at, 0, run);
}

function append<K>(map: Map<K, Run[]>, key: K, run: Run): void {
  const list = map.get(key);
  if (list) insert(list, run);
  else map.set(key, [run]);
}

function take<K>(map: Map<K, Run[]>, key: K, run: Run): void {
  const list = map.get(key);
  const index = list?.indexOf(run) ?? -1;
  if (index >= 0) list?.splice(index, 1);
}

const NONE: readonly Run[] = [];

/** Runs by everything that they are asked for, each list in order of submission, so that no call sorts. */
export class RunStore {
  readonly #all: Run[] = [];
  readonly #byId = new Map<string, Run>();
  readonly #byLaunch = new Map<string, Run>();
  readonly #byWorkspace = new Map<Workspace, Run[]>();
  readonly #byName = new Map<string, Run[]>();
  readonly #bySession = new Map<string, Run[]>();

  add(run: Run): void {
    insert(this.#all, run);
    this.#byId.set(run.id, run);
    this.#byLaunch.set(run.launchId, run);
    append(this.#byWorkspace, run.workspace, run);
    append(this.#byName, run.runName, run);
    append(this.#bySession, run.sessionId, run);
  }

  remove(run: Run): void {
    const index = this.#all.indexOf(run);
    if (index >= 0) this.#all.splice(index, 1);
    this.#byId.delete(run.id);
    this.#byLaunch.delete(run.launchId);
    take(this.#byWorkspace, run.workspace, run);
    take(this.#byName, run.runName, run);
    take(this.#bySession, run.sessionId, run);
  }

  /** Oldest first, as all lists here. */
  get all(): readonly Run[] {
    return this.#all;
  }

  byId(id: string): Run | undefined {
    return this.#byId.get(id);
  }

  byLaunch(launchId: string): Run | undefined {
    return this.#byLaunch.get(launchId);
  }

  inWorkspace(workspace: Workspace): readonly Run[] {
    return this.#byWorkspace.get(workspace) ?? NONE;
  }

  named(runName: string): readonly Run[] {
    return this.#byName.get(runName) ?? NONE;
  }

  inSession(sessionId: string): readonly Run[] {
    return this.#bySession.get(sessionId) ?? NONE;
  }
}
