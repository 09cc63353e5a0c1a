import type { Logger } from 'pino';
import type { AuthConfig, UserConfig } from '../config/index.ts';
import { parseUsersFile } from '../config/users-file.ts';
import { type WatchedFile, watchFile } from '../config/watch-file.ts';

/** Those who sign in with a password, whoever they are at the moment. */
export interface Users {
  get(username: string): UserConfig | undefined;
  /** bcrypt cost of the dearest password of all: what each refusal has to take. */
  readonly dearest: number;
}

export interface UserDirectoryOptions {
  readonly logger: Logger;
  /** Is new, was removed, or has another password or role: the sessions of that name end. */
  readonly onChange: (username: string) => void;
  readonly everyMs?: number;
}

/** The administrator of the environment and the users of REDSTART_USERS_FILE, which is followed. */
export class UserDirectory implements Users {
  readonly #admin: UserConfig | null;
  readonly #options: UserDirectoryOptions;
  readonly #watched: WatchedFile | null;
  #users = new Map<string, UserConfig>();
  #dearest = 0;

  constructor(config: Pick<AuthConfig, 'admin' | 'users'>, options: UserDirectoryOptions) {
    this.#admin = config.admin;
    this.#options = options;
    this.#replace(config.users?.list ?? []);
    const file = config.users?.file;
    this.#watched =
      file === undefined
        ? null
        : watchFile({
            file,
            ...(options.everyMs !== undefined && { everyMs: options.everyMs }),
            changed: (text) => this.#read(file, text),
            failed: (reason) =>
              options.logger.error(
                { event: 'users.file', file, reason },
                'the users file cannot be read: the users of before stay',
              ),
          });
  }

  get dearest(): number {
    return this.#dearest;
  }

  /** Nobody signs in with a password now. */
  get empty(): boolean {
    return this.#users.size === 0;
  }

  get(username: string): UserConfig | undefined {
    return this.#users.get(username);
  }

  /** Looks at the file now. */
  async check(): Promise<void> {
    await this.#watched?.check();
  }

  close(): void {
    this.#watched?.close();
  }

  #read(file: string, text: string): void {
    const { logger, onChange } = this.#options;
    const { users, faults } = parseUsersFile(text, this.#admin?.username ?? null);
    if (faults.length > 0) {
      const lines = faults.map(({ line, problem }) => `line ${line}: ${problem}`);
      logger.error(
        { event: 'users.file', file, faults: lines },
        `the users file has ${faults.length === 1 ? 'a mistake' : 'mistakes'}, the users of before stay: ${lines.join('; ')}`,
      );
      return;
    }
    const before = this.#users;
    this.#replace(users);
    const changed: string[] = [];
    for (const [name, user] of before) {
      if (this.#users.get(name) === user) continue;
      changed.push(name);
      onChange(name);
    }
    const added = [...this.#users.keys()].filter((name) => !before.has(name));
    for (const name of added) onChange(name);
    if (changed.length + added.length > 0)
      logger.info({ event: 'users.file', file, changed, added }, 'the users file changed and is in use');
  }

  #replace(users: readonly UserConfig[]): void {
    const all = this.#admin ? [this.#admin, ...users] : users;
    const before = this.#users;
    // Who is the same stays the same object: a sign-in that is going on counts.
    const kept = (user: UserConfig): UserConfig => {
      const known = before.get(user.username);
      return known && same(known, user) ? known : user;
    };
    this.#users = new Map(all.map((user) => [user.username, kept(user)]));
    this.#dearest = Math.max(0, ...all.map(({ cost }) => cost));
  }
}

const same = (a: UserConfig, b: UserConfig): boolean => a.role === b.role && a.identity === b.identity;
