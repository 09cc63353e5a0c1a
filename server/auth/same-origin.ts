import type { Request } from 'express';

/** Whether the page that sent a request is one of this server. No Origin: not a browser, which is what the check is about. */
export function sameOrigin(req: Request): boolean {
  const origin = req.headers.origin;
  if (origin === undefined) return true;
  let from: URL;
  try {
    from = new URL(origin);
  } catch {
    return false;
  }
  // Only a trusted proxy's word on the host counts; `req.hostname` follows it, but drops the port.
  const trusted = (req.app.get('trust proxy fn') as (address: string, hop: number) => boolean)(
    req.socket.remoteAddress ?? '',
    0,
  );
  const forwarded = trusted ? req.headers['x-forwarded-host'] : undefined;
  const hosts = [req.headers.host, typeof forwarded === 'string' ? forwarded.split(',')[0]?.trim() : undefined];
  return hosts.some((host) => host !== undefined && sameHost(host, from));
}

function sameHost(host: string, origin: URL): boolean {
  try {
    // Parsed with the scheme of the origin: drops the port where it is the default one.
    return new URL(`${origin.protocol}//${host}`).host === origin.host;
  } catch {
    return false;
  }
}
