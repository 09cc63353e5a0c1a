import type { Logger } from 'pino';
import { parseHttpTokens, parseHttpUsers } from '../config/http-callers.ts';
import type { HttpAuthConfig, HttpTokenConfig, HttpUserConfig } from '../config/index.ts';
import { type WatchedFile, watchFile } from '../config/watch-file.ts';
import type { ListFault } from '../config/yaml-list.ts';
import { PasswordGate } from './password-gate.ts';
import { underAny } from './path-prefixes.ts';

export interface FlowToken {
  readonly name: string;
  /** Milliseconds of the epoch; null: never. */
  readonly expires: number | null;
  covers(path: string): boolean;
}

export type FlowUser = FlowToken & { readonly expires: null };

/** Those who may call the flows' endpoints, as their files say at the moment. */
export interface FlowCallers {
  /** Takes as long for a name that nobody has. */
  verify(name: string, password: string): Promise<FlowUser | 'wrong' | 'busy'>;
  token(sha256: string): FlowToken | undefined;
  /** Who has this name at the moment, and what changes with their password or token. */
  named(name: string): { readonly proof: string; readonly caller: FlowToken } | undefined;
  /** Told when users changed: what was remembered of them counts no more. */
  onChange(changed: () => void): void;
  /** Looks at the files now. */
  refresh(): Promise<void>;
  close(): void;
}

export function flowCallers(config: HttpAuthConfig, logger: Logger, everyMs?: number): FlowCallers {
  const own = config.user;
  const listeners: (() => void)[] = [];
  const watched: WatchedFile[] = [];
  let users = new Map<string, HttpUserConfig>();
  let dearest = 0;
  let tokens = new Map<string, FlowToken>();

  const takeUsers = (list: readonly HttpUserConfig[]): void => {
    const all: HttpUserConfig[] = own === null ? [] : [{ ...config, username: own, paths: ['/'] }];
    users = new Map([...all, ...list].map((user) => [user.username, user]));
    dearest = Math.max(0, ...[...users.values()].map(({ cost }) => cost));
    for (const changed of listeners) changed();
  };
  const takeTokens = (list: readonly HttpTokenConfig[]): void => {
    tokens = new Map(
      list.map(({ name, sha256, expires, paths }) => [sha256, { name, expires, covers: underAny(paths) }]),
    );
  };
  const follow = <Item>(
    what: string,
    source: { readonly file: string; readonly list: readonly Item[] } | null,
    parse: (text: string) => { list: Item[]; faults: ListFault[] },
    take: (list: readonly Item[]) => void,
  ): void => {
    take(source?.list ?? []);
    if (source === null) return;
    const { file } = source;
    let first = true;
    watched.push(
      watchFile({
        file,
        ...(everyMs !== undefined && { everyMs }),
        changed(text) {
          const { list, faults } = parse(text);
          if (faults.length > 0)
            throw new Error(faults.map(({ line, problem }) => `line ${line}: ${problem}`).join('; '));
          take(list);
          if (!first)
            logger.info({ event: 'flows.callers', file, entries: list.length }, `the ${what} changed and is in use`);
          first = false;
        },
        failed: (reason) =>
          logger.error(
            { event: 'flows.callers', file, reason },
            `the ${what} cannot be used, what it said before stays: ${reason}`,
          ),
      }),
    );
  };
  follow("users file of the flows' endpoints", config.users, (text) => parseHttpUsers(text, own), takeUsers);
  follow("tokens file of the flows' endpoints", config.tokens, parseHttpTokens, takeTokens);

  const gate = new PasswordGate({
    get: (name) => users.get(name),
    get dearest() {
      return dearest;
    },
  });

  return {
    async verify(name, password) {
      const user = users.get(name);
      const verdict = await gate.verify(name, password);
      if (verdict !== 'right') return verdict;
      // Somebody else by now: the file changed while the password was checked.
      if (user === undefined || users.get(name) !== user) return 'wrong';
      return { name, expires: null, covers: underAny(user.paths) };
    },
    token: (sha256) => tokens.get(sha256),
    named(name) {
      const user = users.get(name);
      if (user !== undefined)
        return { proof: user.identity, caller: { name, expires: null, covers: underAny(user.paths) } };
      const token = [...tokens].find(([, { name: own }]) => own === name);
      return token && { proof: token[0], caller: token[1] };
    },
    onChange: (changed) => void listeners.push(changed),
    async refresh() {
      for (const file of watched) await file.check();
    },
    close() {
      for (const file of watched) file.close();
    },
  };
}
