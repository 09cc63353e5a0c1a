import type * as Client from 'openid-client';
import type { Logger } from 'pino';
import type { OidcConfig } from '../config/index.ts';
import type { Claims } from './oidc-claims.ts';
import { hasClaims } from './oidc-claims.ts';

/** The part of openid-client's work that is waited for, in words for whoever runs this. */
export class OidcError extends Error {
  /** `unreachable`: nobody's mistake who is signing in. `refused`: the provider said no. `invalid`: what came is not to be trusted. */
  readonly kind: 'unreachable' | 'refused' | 'invalid';

  constructor(kind: OidcError['kind'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'OidcError';
    this.kind = kind;
  }
}

/** What has to be the same when the browser comes back. */
export interface Handshake {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
}

export interface OidcProviderOptions {
  readonly logger: Logger;
  readonly now?: () => number;
  /** Seconds until a request to the provider is given up. */
  readonly timeout?: number;
  /** The global one without. */
  readonly fetch?: typeof fetch;
}

interface Found {
  readonly client: typeof Client;
  readonly configuration: Client.Configuration;
}

/** At the earliest after a discovery that failed: a provider that is down is not asked for each click. */
const RETRY_MS = 5000;
const RETRY_AT_MOST_MS = 60_000;
const CLOCK_TOLERANCE_S = 30;

/** The identity provider: found when it can be found, asked again until then. */
export class OidcProvider {
  readonly #config: OidcConfig;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #timeout: number;
  readonly #fetch: typeof fetch;
  #found: Found | null = null;
  #finding: Promise<void> | null = null;
  #failure: { at: number; reason: string } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #wait = RETRY_MS;

  constructor(config: OidcConfig, options: OidcProviderOptions) {
    this.#config = config;
    this.#logger = options.logger;
    this.#now = options.now ?? Date.now;
    this.#timeout = options.timeout ?? 10;
    this.#fetch = options.fetch ?? fetch;
  }

  /** Looks for the provider, now and until it is found; nothing waits for it. */
  start(): void {
    void this.#find();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Where to send the browser, and what to compare when it comes back. */
  async begin(redirectUri: string, again: boolean): Promise<{ url: string; handshake: Handshake }> {
    const { client, configuration } = await this.#ready();
    const handshake = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      redirectUri,
    };
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.#config.scopes,
      state: handshake.state,
      nonce: handshake.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(handshake.verifier),
      code_challenge_method: 'S256',
      // Otherwise the provider sends the same person back at once.
      ...(again && { prompt: 'login' }),
    });
    return { url: url.href, handshake };
  }

  /** Changes the code for an ID token and checks it: signature, issuer, audience, time, nonce. Throws an OidcError. */
  async finish(handshake: Handshake, query: string): Promise<{ claims: Claims; idToken: string }> {
    const { client, configuration } = await this.#ready();
    const current = new URL(`${handshake.redirectUri}?${query}`);
    try {
      const tokens = await client.authorizationCodeGrant(configuration, current, {
        pkceCodeVerifier: handshake.verifier,
        expectedState: handshake.state,
        expectedNonce: handshake.nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined || tokens.id_token === undefined) throw new OidcError('invalid', 'there is no ID token');
      if (hasClaims(claims, this.#config) || configuration.serverMetadata().userinfo_endpoint === undefined)
        return { claims, idToken: tokens.id_token };
      const more = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
      // What is signed wins.
      return { claims: { ...more, ...claims }, idToken: tokens.id_token };
    } catch (error) {
      throw asOidcError(error);
    }
  }

  /** Where a log-out goes on; null where the provider has no such place. */
  endSessionUrl(idToken: string | undefined, back: string): string | null {
    if (this.#found === null) return null;
    const { client, configuration } = this.#found;
    if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
    return client.buildEndSessionUrl(configuration, {
      post_logout_redirect_uri: back,
      ...(idToken !== undefined && { id_token_hint: idToken }),
    }).href;
  }

  async #ready(): Promise<Found> {
    if (this.#found === null && this.#now() - (this.#failure?.at ?? Number.NEGATIVE_INFINITY) >= RETRY_MS)
      await this.#find();
    if (this.#found === null)
      throw new OidcError('unreachable', this.#failure?.reason ?? 'the identity provider was not found yet');
    return this.#found;
  }

  #find(): Promise<void> {
    this.#finding ??= this.#discover().finally(() => {
      this.#finding = null;
    });
    return this.#finding;
  }

  async #discover(): Promise<void> {
    const { issuer } = this.#config;
    this.stop();
    try {
      // Loaded when there is a provider: the start of everybody else does not pay for it.
      const client = await import('openid-client');
      const configuration = await this.#configure(client);
      this.#found = { client, configuration };
      this.#logger.info({ event: 'oidc.found', issuer }, 'the identity provider was found: single sign-on is ready');
    } catch (error) {
      const reason = reasonOf(error);
      if (this.#failure?.reason !== reason)
        this.#logger.error(
          { event: 'oidc.unreachable', issuer, reason },
          `the identity provider cannot be used: ${reason}. Single sign-on does not work until it can; it is asked again`,
        );
      this.#failure = { at: this.#now(), reason };
      this.#timer = setTimeout(() => void this.#find(), this.#wait);
      this.#timer.unref();
      this.#wait = Math.min(this.#wait * 2, RETRY_AT_MOST_MS);
    }
  }

  async #configure(client: typeof Client): Promise<Client.Configuration> {
    const { issuer, clientId, clientSecret } = this.#config;
    const secret = clientSecret?.reveal();
    const metadata = { [client.clockTolerance]: CLOCK_TOLERANCE_S };
    const ask: Client.CustomFetch = (url, options) => this.#fetch(url, options as RequestInit);
    const insecure = issuer.startsWith('http://') ? [client.allowInsecureRequests] : [];
    const first = await client.discovery(
      new URL(issuer),
      clientId,
      metadata,
      secret === undefined ? client.None() : client.ClientSecretBasic(secret),
      { timeout: this.#timeout, [client.customFetch]: ask, execute: [client.enableNonRepudiationChecks, ...insecure] },
    );
    const methods = first.serverMetadata().token_endpoint_auth_methods_supported;
    const basic = methods === undefined || methods.includes('client_secret_basic');
    if (secret === undefined || basic || !methods.includes('client_secret_post')) return first;
    const posting = new client.Configuration(
      first.serverMetadata(),
      clientId,
      metadata,
      client.ClientSecretPost(secret),
    );
    posting.timeout = this.#timeout;
    posting[client.customFetch] = ask;
    client.enableNonRepudiationChecks(posting);
    if (insecure.length > 0) client.allowInsecureRequests(posting);
    return posting;
  }
}

/** Codes of openid-client that stand for a connection, not for an answer. */
const UNREACHABLE = /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|UND_ERR|OAUTH_TIMEOUT|OAUTH_RESPONSE_IS_NOT_(?:JSON|CONFORM)/;

function asOidcError(error: unknown): OidcError {
  if (error instanceof OidcError) return error;
  // The provider's own word for why not, such as access_denied; a word that is no word is not repeated.
  const said = typeof error === 'object' && error !== null && 'error' in error ? String(error.error) : '';
  if (/^[a-z_]{1,40}$/.test(said)) return new OidcError('refused', said, error);
  const reason = reasonOf(error);
  return new OidcError(UNREACHABLE.test(reason) ? 'unreachable' : 'invalid', reason, error);
}

/** The innermost of what is known, without addresses or tokens. */
function reasonOf(error: unknown): string {
  const parts: string[] = [];
  let each: unknown = error;
  while (each instanceof Error && parts.length < 4) {
    const { code } = each as NodeJS.ErrnoException;
    parts.push(typeof code === 'string' ? `${each.message} (${code})` : each.message);
    each = each.cause;
  }
  return parts.join(': ') || 'unknown fault';
}
