import type { Request } from 'express';
import type { Config } from '../config/index.ts';
import { isLoopback } from './client-address.ts';
import type { Refusal } from './refusal.ts';

const REFUSAL: Refusal = {
  status: 403,
  body:
    'The editor is not served over plain HTTP. The operator can turn on TLS (REDSTART_TLS=self-signed or files), or, ' +
    'behind a proxy that does TLS, name the proxy in REDSTART_TRUST_PROXY and have it send X-Forwarded-Proto.',
};

/**
 * Passwords and sessions do not cross a network in clear: on an address that others can reach, the admin side wants
 * TLS, here or at a proxy that is trusted to say so. A caller on this machine itself is let through.
 */
export function secureLogin(config: Config): (req: Request) => Refusal | null {
  if (config.tls.mode !== 'off' || isLoopback(config.server.host)) return () => null;
  return (req) => {
    if (req.secure) return null;
    // A header of a proxy means that the caller is elsewhere, whatever address the connection comes from.
    const direct = req.headers['x-forwarded-for'] === undefined && req.headers.forwarded === undefined;
    return direct && isLoopback(req.socket.remoteAddress) ? null : REFUSAL;
  };
}
