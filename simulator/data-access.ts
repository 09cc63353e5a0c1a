import { type Action, actionView } from './actions/action.ts';
import { type DataLink, dataLinkView, newDataLink } from './data-links/data-link.ts';
import { putObject, removeObject } from './data-links/data-link-store.ts';
import { generateObjects } from './data-links/generate-objects.ts';
import type {
  ActionView,
  DataLinkView,
  DatasetView,
  GeneratedObjects,
  NewDataLink,
  ObjectView,
  SimulatedData,
  StopReason,
  StudioStatus,
  StudioView,
} from './data-views.ts';
import { datasetView } from './datasets/dataset.ts';
import type { Platform } from './platform.ts';
import { setStatus, studioView } from './studios/studio.ts';

/** What the object in the process offers about data, studios and actions. */
export abstract class DataAccess implements SimulatedData {
  protected abstract get platform(): Platform;
  abstract now(): Date;

  get dataLinks(): readonly DataLinkView[] {
    return this.platform.dataLinks.all(this.#at()).map(dataLinkView);
  }

  addDataLink({ name, provider = 'aws', resourceRef, workspaceId = 70001, publicAccessible = true }: NewDataLink) {
    const { platform } = this;
    const workspace = platform.workspaces.find(({ id }) => id === workspaceId);
    if (!workspace) throw new RangeError(`there is no workspace ${workspaceId}`);
    const credentials = workspace.credentials.find((one) => one.provider === provider) ?? null;
    if (!publicAccessible && !credentials) throw new RangeError(`the workspace has no credentials for ${provider}`);
    const link = newDataLink({
      id: `v1-user-${platform.random.hex(32)}`,
      name,
      workspace,
      provider,
      credentials: publicAccessible ? null : credentials,
      publicAccessible,
      custom: true,
      ...(resourceRef === undefined ? {} : { resourceRef }),
    });
    platform.dataLinks.add(link);
    return dataLinkView(link);
  }

  removeDataLink(dataLink: string): void {
    this.platform.dataLinks.remove(this.#link(dataLink));
  }

  objects(dataLink: string, under = ''): Iterable<ObjectView> {
    return this.#link(dataLink).objects.walk(under);
  }

  putObject(dataLink: string, path: string, size?: number, content?: string | Buffer): void {
    putObject(this.#link(dataLink), path, size, content);
  }

  removeObject(dataLink: string, path: string): void {
    if (!removeObject(this.#link(dataLink), path)) throw new RangeError(`${dataLink} has no object ${path}`);
  }

  generateObjects(dataLink: string, objects: GeneratedObjects): void {
    generateObjects(this.#link(dataLink).objects, objects);
  }

  get datasets(): readonly DatasetView[] {
    return this.platform.datasets.all.map(datasetView);
  }

  dataset(idOrName: string): DatasetView | undefined {
    const found = pick(this.platform.datasets.all, idOrName);
    return found && datasetView(found);
  }

  get studios(): readonly StudioView[] {
    const at = this.#at();
    return this.platform.studios.all.map((studio) => studioView(studio, at));
  }

  studio(idOrName: string): StudioView | undefined {
    const found = pick(this.platform.studios.all, idOrName);
    return found && studioView(found, this.#at());
  }

  setStudioStatus(studio: string, status: StudioStatus, why: { message?: string; stopReason?: StopReason } = {}): void {
    const found = pick(this.platform.studios.all, studio);
    if (!found) throw new RangeError(`there is no studio ${studio}`);
    setStatus(found, this.#at(), status, why.message, why.stopReason);
  }

  get actions(): readonly ActionView[] {
    return this.platform.actions.map(actionView);
  }

  action(idOrName: string): ActionView | undefined {
    const found: Action | undefined = pick(this.platform.actions, idOrName);
    return found && actionView(found);
  }

  #at(): number {
    return this.now().getTime();
  }

  #link(dataLink: string): DataLink {
    const found = pick(this.platform.dataLinks.all(this.#at()), dataLink);
    if (found) return found;
    throw new RangeError(`there is no data link ${dataLink}`);
  }
}

/** @throws RangeError when it is the name of several */
export function pick<T extends { id: string; name: string }>(all: readonly T[], idOrName: string): T | undefined {
  const byId = all.find(({ id }) => id === idOrName);
  if (byId) return byId;
  const named = all.filter(({ name }) => name === idOrName);
  if (named.length < 2) return named[0];
  throw new RangeError(
    `${idOrName} is the name of several, which are told apart by id: ${named.map(({ id }) => id).join(', ')}`,
  );
}
