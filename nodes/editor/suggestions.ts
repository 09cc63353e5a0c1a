import { ask, type ConnectionRef } from './api.ts';
import type { Suggestion } from './combobox.ts';
import { shared } from './text.ts';

/** What a dialog's fields say about where to look. */
export interface Place {
  connection: ConnectionRef;
  /** Own workspace of the node; undefined: the connection's; null: known only when the flow runs. */
  workspaceId: string | undefined | null;
  /** Of a node that has one: its name; null: known only when the flow runs. */
  dataLink?: string | null;
}

export type Source = (place: Place, typed: string) => Promise<Suggestion[]>;

function question({ connection, workspaceId }: Place, search?: string) {
  if (workspaceId === null) throw new Error(shared('suggest.workspaceLater'));
  return { connection, ...(workspaceId ? { workspaceId } : {}), ...(search ? { search } : {}) };
}

const has = (typed: string, ...texts: (string | null)[]) =>
  texts.some((text) => text?.toLowerCase().includes(typed.toLowerCase()));

const joined = (...parts: (string | null | false)[]) => parts.filter(Boolean).join(' · ');

/** Where suggestions come from, by what they are: a field names one of these. */
export const sources = {
  async workspaces({ connection }, typed) {
    const { workspaces } = await ask('seqera/workspaces', { connection });
    return workspaces
      .filter(({ id, name, organisation }) => has(typed, id, name, organisation))
      .map(({ id, name, organisation, roles, shared: isShared }) => ({
        value: id,
        label: name,
        detail: joined(id, roles.join(', '), isShared && shared('suggest.sharedWorkspace')),
        group: organisation,
      }));
  },

  async launchpads(place, typed) {
    const { launchpads } = await ask('seqera/launchpads', question(place, typed));
    return launchpads.map(({ name, description, repository, workspace, shared: isShared }) => ({
      value: name,
      detail: joined(isShared && shared('suggest.sharedFrom', { workspace: workspace ?? '' }), description, repository),
    }));
  },

  async labels(place, typed) {
    const { labels } = await ask('seqera/labels', question(place, typed));
    return labels.map(({ name }) => ({ value: name }));
  },

  async computeEnvs(place, typed) {
    const { computeEnvs } = await ask('seqera/compute-envs', question(place));
    return computeEnvs
      .filter(({ id, name }) => has(typed, id, name))
      .map(({ name, platform, status, primary }) => ({
        value: name,
        detail: joined(platform, status, primary && shared('suggest.primary')),
      }));
  },

  async runs(place, typed) {
    const { runs } = await ask('seqera/runs', question(place, typed));
    return runs.map(({ id, runName, status, projectName }) => ({
      value: id,
      label: runName,
      detail: joined(status, projectName, id),
    }));
  },

  async studios(place, typed) {
    const { studios } = await ask('seqera/studios', question(place, typed));
    return studios.map(({ id, name, status, computeEnv }) => ({
      value: id,
      label: name,
      detail: joined(status, computeEnv, id),
    }));
  },

  async actions(place, typed) {
    const { actions } = await ask('seqera/actions', question(place));
    return actions
      .filter(({ id, name, pipeline }) => has(typed, id, name, pipeline))
      .map(({ name, status, pipeline }) => ({ value: name, detail: joined(status, pipeline) }));
  },

  async dataLinks(place, typed) {
    const { dataLinks } = await ask('seqera/data-links', question(place, typed));
    return dataLinks.map(({ id, name, resourceRef, description, valid, unique }) => ({
      value: unique ? name : id,
      label: name,
      detail: joined(!valid && shared('suggest.invalid'), resourceRef, description, !unique && id),
    }));
  },

  /** The folders at what was typed: choosing one goes into it. */
  async folders(place, typed) {
    if (place.dataLink === null) throw new Error(shared('suggest.dataLinkLater'));
    if (!place.dataLink) throw new Error(shared('refusals.dataLinkFirst'));
    const answer = await ask('seqera/folders', { ...question(place), dataLink: place.dataLink, path: typed });
    const { folder, folders, more } = answer;
    const here = folder === '' ? '' : `${folder}/`;
    const above = folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/') + 1) : '';
    return [
      ...(folder === '' ? [] : [{ value: folder, label: shared('suggest.thisFolder', { folder }) }]),
      ...(folder === '' ? [] : [{ value: above, label: shared('suggest.folderAbove'), opens: true }]),
      ...folders.map((name) => ({ value: `${here}${name}/`, label: `${name}/`, opens: true })),
      ...(more ? [{ value: typed, label: shared('suggest.moreFolders'), opens: true }] : []),
    ];
  },

  async datasets(place, typed) {
    const { datasets } = await ask('seqera/datasets', question(place, typed));
    return datasets.map(({ id, name, description, version }) => ({
      value: name,
      detail: joined(
        version === null ? shared('suggest.noVersion') : shared('suggest.version', { version }),
        description,
        id,
      ),
    }));
  },
} satisfies Record<string, Source>;

export type SourceName = keyof typeof sources;
