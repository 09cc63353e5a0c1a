import type { LogLevels } from './log-levels.ts';
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
  /** The bcrypt cost of a check; 0 for a plain password, which is compared at once. */
  readonly cost: number;
  /** Changes when the password does; worth nothing outside this process. */
  readonly identity: string;
  /**
   * A text that changes when the password does, for dropping sessions begun with an older password. Slow to reverse, so
   * it may be kept on disk beside its random salt.
   */
  passwordFingerprint(salt: string): Promise<string>;
}

/** What a person or a program may do in the editor and the admin API; each may do what the one after it may, and more. */
export type Role = 'admin' | 'editor' | 'operator' | 'viewer';

export const ROLES: readonly Role[] = ['admin', 'editor', 'operator', 'viewer'];

/** Somebody who signs in with a password. */
export interface UserConfig extends PasswordCheck {
  readonly username: string;
  readonly role: Role;
}

/** A token for programs that use the admin API. */
export interface ApiTokenConfig {
  readonly name: string;
  /** As `hashToken` makes it. */
  readonly sha256: string;
  readonly role: Role;
  /** Milliseconds of the epoch; null: never. */
  readonly expires: number | null;
}

export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  /** null: a public client, which has only PKCE. */
  readonly clientSecret: Secret | null;
  readonly scopes: string;
  readonly usernameClaim: string;
  readonly rolesClaim: string;
  /** A value of the roles claim, or `*` for everybody, and the role that it gives. */
  readonly roleMap: readonly (readonly [value: string, role: Role])[];
}

/** Who may sign in to the editor and the admin API. */
export interface AuthConfig {
  /** The administrator of the environment. */
  readonly admin: UserConfig | null;
  /** Set when the administrator's password was made up for this run (`serve --local` without a sign-in): to be shown once. */
  readonly oneTimePassword: Secret | null;
  /** Both as read at the start; the files are followed while it runs. */
  readonly users: { readonly file: string; readonly list: readonly UserConfig[] } | null;
  readonly tokens: { readonly file: string; readonly list: readonly ApiTokenConfig[] } | null;
  readonly oidc: OidcConfig | null;
}

/** Somebody who calls the flows' endpoints with a password. */
export interface HttpUserConfig extends PasswordCheck {
  readonly username: string;
  /** Beginnings of paths below the root of the endpoints; `/` is all of them. */
  readonly paths: readonly string[];
}

/** A token for a program that calls the flows' endpoints. */
export interface HttpTokenConfig {
  readonly name: string;
  /** As `hashToken` makes it. */
  readonly sha256: string;
  readonly paths: readonly string[];
  /** Milliseconds of the epoch; null: never. */
  readonly expires: number | null;
}

export interface HttpAuthConfig extends PasswordCheck {
  readonly mode: 'closed' | 'basic' | 'token' | 'none';
  /** The user of the environment, who may call every path. */
  readonly user: string | null;
  /** Both as read at the start; the files are followed while it runs. */
  readonly users: { readonly file: string; readonly list: readonly HttpUserConfig[] } | null;
  readonly tokens: { readonly file: string; readonly list: readonly HttpTokenConfig[] } | null;
  /** Calls a minute of one address, and of one caller; null: no limit. */
  readonly rateLimit: number | null;
}

/** The repository that flows come from. */
export interface GitConfig {
  /** Without credentials. A path, file://, https://, http:// or ssh:// address, or user@host:path. */
  readonly url: string;
  /** Branch or tag. */
  readonly ref: string;
  /** Folder within the repository; empty for its top. */
  readonly path: string;
  readonly intervalMs: number;
  readonly sshKeyFile: string | null;
  readonly knownHostsFile: string | null;
  readonly token: Secret | null;
  readonly allowedSignersFile: string | null;
  readonly rewrites: 'refuse' | 'follow';
  readonly rehearse: boolean;
  readonly webhookSecret: Secret | null;
  /** Branch that deploys are pushed to. */
  readonly push: string | null;
  /** PATH: where git, ssh and ssh-keygen are looked for. */
  readonly searchPath: string | undefined;
}

/** Several processes that share one database. */
export interface ReplicasConfig {
  readonly database: Secret;
  /** Where the others reach this one; null: found out. */
  readonly url: string | null;
  readonly leaseMs: number;
  readonly shards: number;
}

export type NotificationFormat = 'slack' | 'teams' | 'generic';
export type NotificationTopic = 'flows' | 'connections' | 'git' | 'appliance' | 'failed-runs' | 'runs';

/** Where failures and recoveries are told. */
export interface NotificationsConfig {
  /** Holds the token of the webhook. */
  readonly url: Secret;
  readonly format: NotificationFormat;
  readonly on: readonly NotificationTopic[];
  /** Between the first two messages that the same thing fails. */
  readonly intervalMs: number;
  /** How long a flow is without an error to count as recovered. */
  readonly recoveryMs: number;
  /** Signs the generic format. */
  readonly secret: Secret | null;
}

/** Where traces go, and which. */
export interface TracesConfig {
  /** Whole, with the path. */
  readonly url: string;
  /** Sent along: they may hold a key. */
  readonly headers: readonly (readonly [name: string, value: Secret])[];
  readonly serviceName: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: {
    /** The decision of whoever called is kept. */
    readonly parentBased: boolean;
    /** Part of the traces that are recorded where nobody decided before, from 0 to 1. */
    readonly ratio: number;
  };
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
    /** Where browsers find it, with the path that a proxy takes away, without trailing slash. null: as the request says. */
    readonly publicUrl: string | null;
  };
  readonly tls: {
    readonly mode: 'off' | 'self-signed' | 'files';
    readonly certFile: string | null;
    readonly keyFile: string | null;
    readonly clientCaFile: string | null;
    /** Where a client certificate is asked for; null without a clientCaFile. */
    readonly clientAuth: 'flows' | 'editor' | 'both' | null;
  };
  readonly data: { readonly dir: string };
  readonly flows: { readonly dir: string; readonly mode: 'editable' | 'readonly' };
  /** null: the flows are in a folder that somebody else fills. */
  readonly git: GitConfig | null;
  /** null: this process is the only one. */
  readonly replicas: ReplicasConfig | null;
  /** Which part of `redstart.yaml` counts. */
  readonly environment: string | null;
  /** null: headless, neither editor nor admin API. */
  readonly auth: AuthConfig | null;
  readonly sessions: { readonly hours: number };
  /** null: to be generated into the data folder. */
  readonly credentialSecret: Secret | null;
  /** What was the secret before, for reading what is still encrypted with it. */
  readonly previousCredentialSecret: Secret | null;
  /** Folder with one file a secret, for `secret:NAME` in credentials of nodes; null: there is none. */
  readonly secrets: {
    readonly dir: string | null;
    /** Files of the program's own secrets, users, tokens and keys: not for flows, should they lie in the same folder. */
    readonly own: readonly string[];
  };
  readonly audit: {
    readonly mode: 'file' | 'log' | 'both' | 'off';
    readonly maxBytes: number;
    /** Rotated files that are kept. */
    readonly files: number;
  };
  readonly httpAuth: HttpAuthConfig;
  readonly nodesAllow: readonly string[];
  readonly metrics: 'off' | 'local' | 'basic' | 'open';
  readonly log: LogLevels & { readonly format: 'json' | 'pretty' };
  /** null: nobody is told. */
  readonly notifications: NotificationsConfig | null;
  /** null: there are none. */
  readonly traces: TracesConfig | null;
  /** What flows may connect to. */
  readonly egress: {
    /** This machine and private networks. */
    readonly internal: 'allow' | 'block';
    /** The only places that may be called; null: every one that is not blocked. */
    readonly allow: readonly string[] | null;
  };
  /** How long code may block the program; 0: no limit. */
  readonly loopLimitSeconds: number;
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
