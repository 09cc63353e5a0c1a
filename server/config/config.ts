import type { Secret } from './secret.ts';

/** A connection to Seqera Platform that comes from the environment. */
export interface ConnectionConfig {
  /** Id of its config node: `seqera-default`, or `seqera-<name>` in lower case with `-` for `_`. */
  readonly id: string;
  readonly name: string;
  /** Base URL of the API without trailing slash. Empty for the built-in simulator, whose address is known once it runs. */
  readonly baseUrl: string;
  readonly workspaceId: string | null;
  /** The token as read at the start; null for the built-in simulator. */
  readonly token: Secret | null;
  /** Absolute path of the file the token came from, to be read again when it changes. */
  readonly tokenFile: string | null;
}

/** Checks a password against the one configured, be it given in plain or as a bcrypt hash. */
export interface PasswordCheck {
  /**
   * Constant time for the length of the candidate; false for the empty one and when no password is configured.
   * Cheap (microseconds) for a plain password and for a candidate that was right before; otherwise one bcrypt run
   * (about 250 ms of CPU), so limit attempts before calling.
   */
  verifyPassword(candidate: string): Promise<boolean>;
  /**
   * A text that changes when the password does, for dropping sessions begun with an older password. Slow to reverse
   * (scrypt), so it may be kept on disk beside its random salt.
   */
  passwordFingerprint(salt: string): Promise<string>;
}

export interface AdminConfig extends PasswordCheck {
  readonly user: string;
  /** Set when it was made up for this run (`serve --local` without a sign-in): to be shown to the user once. */
  readonly oneTimePassword: Secret | null;
}

export interface HttpAuthConfig extends PasswordCheck {
  readonly mode: 'closed' | 'basic' | 'none';
  /** Set in mode `basic`. */
  readonly user: string | null;
}

export interface Config {
  /** `serve --local`, which is what `npm start` runs: a try-out on the own machine. */
  readonly local: boolean;
  /** `seqera-default` first, only those configured. With `simulator` the default one is there with an empty baseUrl. */
  readonly connections: readonly ConnectionConfig[];
  /** The default connection is the built-in simulator. */
  readonly simulator: boolean;
  readonly server: {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    readonly trustProxy: boolean | number | readonly string[] | undefined;
    /** Begins with `/`, no trailing slash, never `/` alone. */
    readonly editorPath: string;
    readonly httpPath: string;
  };
  readonly tls: {
    readonly mode: 'off' | 'self-signed' | 'files';
    readonly certFile: string | null;
    readonly keyFile: string | null;
    readonly clientCaFile: string | null;
  };
  readonly data: { readonly dir: string };
  readonly flows: { readonly dir: string; readonly mode: 'editable' | 'readonly' };
  /** null: headless, neither editor nor admin API. */
  readonly admin: AdminConfig | null;
  readonly sessions: { readonly hours: number };
  /** null: to be generated into the data folder. */
  readonly credentialSecret: Secret | null;
  /** What was the secret before, for reading what is still encrypted with it. */
  readonly previousCredentialSecret: Secret | null;
  /** Folder with one file a secret, for `secret:NAME` in credentials of nodes; null: there is none. */
  readonly secrets: { readonly dir: string | null };
  readonly audit: {
    readonly mode: 'file' | 'log' | 'both' | 'off';
    readonly maxBytes: number;
    /** Rotated files that are kept. */
    readonly files: number;
  };
  readonly httpAuth: HttpAuthConfig;
  readonly nodesAllow: readonly string[];
  readonly metrics: 'off' | 'local' | 'basic' | 'open';
  readonly log: {
    readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
    readonly format: 'json' | 'pretty';
  };
  readonly proxy: { readonly https: string | null; readonly http: string | null; readonly noProxy: string | null };
  /** What was accepted but deserves a look: to be logged at the start, one line each. Free of secrets. */
  readonly warnings: readonly string[];
  /** What `.env` holds that is not a secret and not set in the real environment: scrubEnvironment hands it on to flows. */
  readonly dotenv: Readonly<Record<string, string>>;
  /** What is in force, by variable, as `redstart config` shows it: a secret is `set` or `unset`. */
  readonly effective: Readonly<Record<string, string>>;
  /** Names of all variables that may hold a secret or its file, those of the connections that are set included. */
  readonly secretVariables: readonly string[];
  /** Names of all variables that flows must not be able to read: every one that is set but FLOW_…, and the secrets'. */
  readonly hiddenVariables: readonly string[];
}
