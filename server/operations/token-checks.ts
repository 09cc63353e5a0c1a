import { redact } from '../config/redact.ts';
import { isObject } from '../flows/flow-node.ts';
import { ownRequests } from '../sandbox/own-requests.ts';
import type { ConnectionEntry } from './status-schema.ts';

type TokenState = ConnectionEntry['token'];

export interface Checked {
  baseUrl: string;
  workspaceId: string | null;
  token(): string;
}

export interface TokenChecksOptions {
  now(): number;
  fetch?: typeof fetch;
  /** A state is another than before. */
  changed(): void;
}

/** Unless whoever looks wants it otherwise; nobody looking, the Platform is not asked. */
const EVERY_MS = 60_000;
const PATIENCE_MS = 10_000;
const MOST_BYTES = 4 * 1024 * 1024;

export const UNKNOWN: TokenState = { state: 'unknown', user: null, role: null, checkedAt: null, reason: null };

class NotGood extends Error {
  readonly state: 'refused' | 'unreachable';
  constructor(state: 'refused' | 'unreachable', message: string) {
    super(message);
    this.state = state;
  }
}

/** Whether the tokens of connections are good and what their role is, asked of the Platform when somebody wants to know. */
export class TokenChecks {
  readonly #options: TokenChecksOptions;
  readonly #known = new Map<string, { state: TokenState; token: string; askedAt: number }>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(options: TokenChecksOptions) {
    this.#options = options;
  }

  /** What is known, which is brought up to date in the background when it is older than so many milliseconds. */
  of(id: string, connection: Checked, oldestMs = EVERY_MS): TokenState {
    const known = this.#known.get(id);
    const token = connection.token();
    const old = !known || known.askedAt + oldestMs <= this.#options.now() || known.token !== token;
    if (old && !this.#stop.signal.aborted) this.#check(id, connection, token);
    return known?.state ?? UNKNOWN;
  }

  /** Resolves when no check is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  stop(): void {
    this.#stop.abort();
  }

  #check(id: string, connection: Checked, token: string): void {
    if (this.#running.has(id)) return;
    const { now, changed } = this.#options;
    const askedAt = now();
    const work = this.#ask(connection, token)
      .catch((error: unknown): Omit<TokenState, 'checkedAt'> => {
        const { message, state = 'unreachable' } = error as Error & { state?: TokenState['state'] };
        return { state, user: null, role: null, reason: redact(message).slice(0, 300) };
      })
      .then((state) => {
        const before = this.#known.get(id)?.state;
        const checked = { ...state, checkedAt: new Date(now()).toISOString() };
        this.#known.set(id, { state: checked, token, askedAt });
        this.#running.delete(id);
        if (before?.state !== checked.state || before.role !== checked.role) changed();
      });
    this.#running.set(id, work);
  }

  async #ask({ baseUrl, workspaceId }: Checked, token: string): Promise<Omit<TokenState, 'checkedAt'>> {
    if (token === '') throw new NotGood('refused', 'there is no token');
    const info = await this.#get(`${baseUrl}/user-info`, token);
    const user = isObject(info) && isObject(info.user) ? info.user : {};
    const name = typeof user.userName === 'string' ? user.userName : String(user.id);
    const good = { state: 'good' as const, user: name, reason: null };
    if (workspaceId === null) return { ...good, role: 'owner' };
    const list = await this.#get(`${baseUrl}/user/${encodeURIComponent(String(user.id))}/workspaces`, token);
    const all = isObject(list) && Array.isArray(list.orgsAndWorkspaces) ? list.orgsAndWorkspaces : [];
    const workspace: unknown = all.find((one) => isObject(one) && String(one.workspaceId) === workspaceId);
    if (!isObject(workspace)) return { ...good, role: null, reason: `no role in workspace ${workspaceId}` };
    const roles = Array.isArray(workspace.roles) ? workspace.roles.map(String) : [];
    return { ...good, role: roles.join(', ') || null };
  }

  /** The endpoint is the operator's, wherever it is: not what flows may reach. */
  async #get(url: string, token: string): Promise<unknown> {
    const ask = this.#options.fetch ?? fetch;
    const answer = await ownRequests
      .run(() =>
        ask(url, {
          headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
          signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(PATIENCE_MS)]),
          // A token goes only to the host that it was given for.
          redirect: 'error',
        }),
      )
      .catch((error: Error) => {
        throw new NotGood('unreachable', (error.cause as Error | undefined)?.message ?? error.message);
      });
    if (answer.status === 401 || answer.status === 403)
      throw new NotGood('refused', `the Platform answers ${answer.status}: the token has expired or was revoked`);
    if (!answer.ok) throw new NotGood('unreachable', `the Platform answers ${answer.status}`);
    const text = await answer.text();
    if (text.length > MOST_BYTES) throw new NotGood('unreachable', 'the answer is too long');
    return JSON.parse(text);
  }
}
