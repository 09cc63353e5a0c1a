import type { Workspace } from '../entities.ts';
import type { ParsedChange } from '../scenario-data.ts';
import type { DataLink } from './data-link.ts';

interface Pending {
  link: DataLink;
  change: ParsedChange;
  at: number;
  /** From 1. */
  number: number;
}

/** The data links, and what happens to their objects over time: caught up with whenever somebody looks. */
export class DataLinkStore {
  readonly #links: DataLink[];
  /** The next time of each change; few, so that the soonest is looked for. */
  #pending: Pending[] = [];
  /** The list of buckets is complete from here on. */
  #loadedAt = Number.NEGATIVE_INFINITY;
  #loadingFor = 0;

  constructor(links: DataLink[]) {
    this.#links = links;
  }

  isLoading(now: number): boolean {
    return now < this.#loadedAt;
  }

  setLoading(loadingFor: number, now: number): void {
    this.#loadingFor = loadingFor;
    this.#loadedAt = loadingFor > 0 ? now + loadingFor : Number.NEGATIVE_INFINITY;
  }

  /** The buckets are looked through once more. */
  refresh(now: number): void {
    this.setLoading(this.#loadingFor, now);
  }

  all(now: number): readonly DataLink[] {
    this.#catchUp(now);
    return this.#links;
  }

  /** What is known: while the list is loading those that people added, and no bucket that has to be found first. */
  listed(workspace: Workspace, now: number): DataLink[] {
    const loading = this.isLoading(now);
    return this.#links.filter((link) => link.workspace === workspace && (link.custom || !loading));
  }

  byId(id: string, now: number): DataLink | undefined {
    this.#catchUp(now);
    return this.#links.find((link) => link.id === id);
  }

  add(link: DataLink): void {
    this.#links.push(link);
  }

  remove(link: DataLink): void {
    const at = this.#links.indexOf(link);
    if (at >= 0) this.#links.splice(at, 1);
  }

  /** Replaces what was still to happen. */
  schedule(changes: readonly { link: DataLink; change: ParsedChange }[], now: number): void {
    this.#pending = changes.map(({ link, change }) => ({ link, change, at: now + change.at, number: 1 }));
  }

  #catchUp(now: number): void {
    while (this.#pending.length > 0) {
      const next = this.#pending.reduce((soonest, one) => (one.at < soonest.at ? one : soonest));
      if (next.at > now) return;
      apply(next);
      next.number += 1;
      next.at += next.change.every ?? 0;
      if (next.change.every === undefined || next.number > (next.change.times ?? Number.POSITIVE_INFINITY))
        this.#pending.splice(this.#pending.indexOf(next), 1);
    }
  }
}

function apply({ link, change, number }: Pending): void {
  const path = (change.put ?? change.remove ?? '').replaceAll('{n}', String(number));
  if (change.remove === undefined) putObject(link, path, change.size, change.content);
  else removeObject(link, path);
}

const SIZE = 1_000_000;

export function putObject(link: DataLink, path: string, size = SIZE, content?: string | Buffer): void {
  const bytes = content === undefined ? undefined : Buffer.from(content);
  link.objects.put(path, bytes?.length ?? size);
  if (bytes) link.contents.set(path, bytes);
  else link.contents.delete(path);
}

export function removeObject(link: DataLink, path: string): boolean {
  for (const kept of link.contents.keys())
    if (kept === path || (path.endsWith('/') && kept.startsWith(path))) link.contents.delete(kept);
  return link.objects.remove(path);
}
