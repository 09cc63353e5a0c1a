import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request } from 'express';
import type { Logger } from 'pino';
import type { Audit } from '../audit/audit-event.ts';
import type { Config, OidcConfig } from '../config/index.ts';
import { addressOf } from './client-address.ts';
import { cookie, Sealer, setCookie } from './cookies.ts';
import { FailureLimiter } from './failure-limiter.ts';
import { type Admission, admit } from './oidc-claims.ts';
import { type Handshake, OidcError, type OidcProvider } from './oidc-provider.ts';
import type { Session } from './sessions.ts';
import { type RefusalPage, refusalPage } from './sign-in-page.ts';

export interface OidcRoutesOptions {
  readonly config: OidcConfig;
  readonly server: Pick<Config['server'], 'editorPath' | 'publicUrl'>;
  readonly provider: OidcProvider;
  /** A user who signs in with a password has this name. */
  readonly isTaken: (username: string) => boolean;
  readonly logger: Logger;
  readonly audit: Audit;
  readonly now?: () => number;
}

export interface Page {
  readonly status: number;
  readonly html: string;
}

export interface OidcRoutes {
  /** Sends the browser to the provider. */
  begin(req: Request, res: ServerResponse): Promise<Page | null>;
  /** The browser comes back. @returns whose session to begin, or what to show */
  finish(req: Request, res: ServerResponse): Promise<{ session: Omit<Session, 'expires'> } | Page>;
  /** Where the log-out of a session goes on. */
  endSessionUrl(req: Request, session: Session): string | null;
}

const HANDSHAKE = 'redstart-oidc';
/** Time to type a password and find the second factor. */
const HANDSHAKE_S = 600;
/** A longer ID token is not kept for the log-out: the provider then asks which session is meant. */
const MAX_ID_TOKEN = 8192;
/** Each of these is a request to the provider. */
const LIMITS = { max: 20, windowMs: 60_000 };

export function oidcRoutes(options: OidcRoutesOptions): OidcRoutes {
  const { config, provider, logger, audit } = options;
  const now = options.now ?? Date.now;
  const sealer = new Sealer();
  const failures = new FailureLimiter(LIMITS, options.now);
  // The path is that of the editor as browsers see it; the end of it is the same for all.
  const base = (req: Request): string =>
    `${options.server.publicUrl ?? `${req.protocol}://${hostOf(req)}`}${options.server.editorPath}`;

  const refused = (address: string, user: string | null, why: string): void => {
    logger.warn({ event: 'auth.oidc', outcome: 'refused', user, address, why }, `Single sign-on refused: ${why}`);
    audit.record({ event: 'refused', ...(user !== null && { user }), address, what: 'sign-in', why });
  };

  const failed = (error: unknown, address: string): Page => {
    if (!(error instanceof OidcError)) throw error;
    if (error.kind === 'unreachable') {
      logger.warn(
        { event: 'auth.oidc', outcome: 'unreachable', reason: error.message },
        'Single sign-on is not possible now',
      );
      return show(503, {
        title: 'Single sign-on is not possible now',
        text: [
          'The identity provider does not answer. This page can do nothing about it; the log of Redstart says more.',
        ],
        again: false,
      });
    }
    failures.failed(address);
    refused(address, null, `${error.kind}: ${error.message}`);
    return error.kind === 'refused'
      ? show(403, { title: 'Not signed in', text: [`The identity provider says: ${error.message}.`], again: false })
      : show(400, {
          title: 'Not signed in',
          text: ['What the identity provider answered could not be verified. The log of Redstart says why.'],
          again: false,
        });
  };

  return {
    async begin(req, res) {
      const again = new URLSearchParams(queryOf(req)).has('again');
      try {
        const { url, handshake } = await provider.begin(`${base(req)}/auth/callback`, again);
        const sealed = sealer.seal(JSON.stringify({ ...handshake, until: now() + HANDSHAKE_S * 1000 }));
        setCookie(req, res, HANDSHAKE, sealed, { sameSite: 'Lax', maxAgeSeconds: HANDSHAKE_S });
        redirect(res, url);
        return null;
      } catch (error) {
        return failed(error, addressOf(req));
      }
    },

    async finish(req, res) {
      const address = addressOf(req);
      if (failures.blockedFor(address) > 0)
        return show(429, { title: 'Too many attempts', text: ['Wait a minute.'], again: false });
      const handshake = opened(cookie(req, HANDSHAKE), sealer, now());
      setCookie(req, res, HANDSHAKE, '', { sameSite: 'Lax', maxAgeSeconds: 0 });
      if (handshake === null) {
        failures.failed(address);
        refused(address, null, 'not begun in this browser, or too long ago');
        return show(400, {
          title: 'Not signed in',
          text: ['This sign-in was not begun in this browser, or too long ago.'],
          again: false,
        });
      }
      try {
        const { claims, idToken } = await provider.finish(handshake, queryOf(req));
        const admission = admit(claims, config);
        if ('refused' in admission) {
          refused(address, admission.user, admission.refused);
          return show(403, notAdmitted(admission));
        }
        const { user, role } = admission;
        if (options.isTaken(user)) {
          refused(address, user, 'name of a user with a password');
          return show(403, {
            title: 'Not signed in',
            text: [`${user} is the name of a user who signs in with a password here.`],
            again: true,
          });
        }
        logger.info(
          { event: 'auth.login', outcome: 'success', user, address, role },
          `${user} signed in from ${address}`,
        );
        audit.record({ event: 'sign-in', user, address, role, by: 'oidc' });
        const keep = idToken.length <= MAX_ID_TOKEN;
        return { session: { user, role, by: 'oidc', ...(keep && { idToken }) } };
      } catch (error) {
        return failed(error, address);
      }
    },

    endSessionUrl: (req, session) =>
      session.by === 'oidc' ? provider.endSessionUrl(session.idToken, `${base(req)}/`) : null,
  };
}

const show = (status: number, text: RefusalPage): Page => ({ status, html: refusalPage(text) });

function notAdmitted({ refused, user }: Extract<Admission, { refused: string }>): RefusalPage {
  const why = {
    'no name': 'The identity provider does not say who you are: the claim of REDSTART_OIDC_USERNAME_CLAIM is missing.',
    'name not usable': 'Your name at the identity provider cannot be used here.',
    'e-mail not verified': 'The identity provider does not say that your e-mail address is verified.',
    'no role': `You are signed in at the identity provider${user === null ? '' : ` as ${user}`}, but none of your groups has a role here.`,
  }[refused];
  return {
    title: 'No access',
    text: [why, 'Ask whoever runs this Redstart; they find this refusal in its log.'],
    again: true,
  };
}

export function redirect(res: ServerResponse, location: string): void {
  res.writeHead(303, { Location: location, 'Content-Length': 0 });
  res.end();
}

function opened(sealed: string | null, sealer: Sealer, now: number): Handshake | null {
  const text = sealed === null ? null : sealer.open(sealed);
  if (text === null) return null;
  const { until, ...handshake } = JSON.parse(text) as Handshake & { until: number };
  return until > now ? handshake : null;
}

const queryOf = (req: IncomingMessage): string => req.url?.split('?', 2)[1] ?? '';

/** As the browser named it: only a trusted proxy's word on that counts. */
function hostOf(req: Request): string {
  const trusted = (req.app.get('trust proxy fn') as (address: string, hop: number) => boolean)(
    req.socket.remoteAddress ?? '',
    0,
  );
  const forwarded = trusted ? req.headers['x-forwarded-host'] : undefined;
  return (typeof forwarded === 'string' ? forwarded.split(',')[0]?.trim() : undefined) || (req.headers.host ?? '');
}
