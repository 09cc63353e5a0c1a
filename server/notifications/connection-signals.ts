import type { ManagedConnections } from '../../settings/node-red-settings.ts';
import type { CallReport } from '../node-reports.ts';
import type { TokenChecks } from '../operations/token-checks.ts';
import type { IncidentBook } from './incident-book.ts';

/** Nobody calls: a token that expires in the night is known before the morning's flow. */
const EVERY_MS = 300_000;
/** While it fails. */
const SOON_MS = 30_000;
/** Between two questions because of calls that go wrong. */
const HINT_MS = 5000;
/** A Platform that restarts is no failure yet. */
export const AWAY_MS = 45_000;

export interface ConnectionSignalsOptions {
  book: IncidentBook;
  managed: ManagedConnections;
  checks: Pick<TokenChecks, 'of'>;
  now(): number;
}

/**
 * Whether the tokens of the environment's connections are taken, and their Platform answers. Calls of flows say that
 * something is wrong; whether it is the token, only asking for its owner tells.
 */
export class ConnectionSignals {
  readonly #options: ConnectionSignalsOptions;
  /** By host: when a call went otherwise than what is known of it. */
  readonly #hints = new Map<string, number>();
  readonly #awaySince = new Map<string, number>();
  /** Ids by host. */
  readonly #hosts = new Map<string, string[]>();

  constructor(options: ConnectionSignalsOptions) {
    this.#options = options;
    for (const [id, { baseUrl }] of Object.entries(options.managed.connections))
      this.#hosts.set(hostOf(baseUrl), [...(this.#hosts.get(hostOf(baseUrl)) ?? []), id]);
  }

  called({ platform, status, error }: Pick<CallReport, 'platform' | 'status' | 'error'>): void {
    const refused = status === 401 || status === 403;
    const away = status === undefined ? error !== undefined : status >= 502 && status <= 504;
    const good = status !== undefined && status < 400;
    if (!refused && !away && !(good && this.#fails(platform))) return;
    const at = this.#options.now();
    if (this.#hosts.has(platform) && at - (this.#hints.get(platform) ?? -HINT_MS) >= HINT_MS)
      this.#hints.set(platform, at);
  }

  look(): void {
    const { book, managed, checks, now } = this.#options;
    for (const [id, connection] of Object.entries(managed.connections)) {
      const key = `connection:${id}`;
      const hint = this.#hints.get(hostOf(connection.baseUrl));
      const usual = book.has(key) || this.#awaySince.has(id) ? SOON_MS : EVERY_MS;
      const { state, reason } = checks.of(id, connection, hint === undefined ? usual : Math.min(usual, now() - hint));
      const subject = { kind: 'connection', id, label: connection.name } as const;
      if (state === 'unreachable') {
        const since = this.#awaySince.get(id) ?? now();
        this.#awaySince.set(id, since);
        if (now() - since >= AWAY_MS && !this.#known(key, 'unreachable'))
          book.fail({ ...subject, problem: 'unreachable', text: reason });
        continue;
      }
      this.#awaySince.delete(id);
      if (state === 'refused' && !this.#known(key, 'token-refused'))
        book.fail({ ...subject, problem: 'token-refused', text: reason });
      else if (state === 'good') book.recover(key, 'The Platform answers, and takes the token.');
    }
    for (const { key, kind, id } of book.open())
      if (kind === 'connection' && !Object.hasOwn(managed.connections, id)) book.recover(key, 'It was removed.');
  }

  #known(key: string, problem: string): boolean {
    return this.#options.book.open().some((each) => each.key === key && each.problem === problem);
  }

  #fails(host: string): boolean {
    const ids = this.#hosts.get(host) ?? [];
    return ids.some((id) => this.#options.book.has(`connection:${id}`) || this.#awaySince.has(id));
  }
}

const hostOf = (url: string): string => URL.parse(url)?.host ?? '';
