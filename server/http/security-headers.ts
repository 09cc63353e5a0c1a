import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';

type HeaderList = readonly (readonly [name: string, value: string])[];

export interface SecurityHeaders {
  /** Landing page, probes, refusals. */
  plain(req: IncomingMessage, res: ServerResponse): void;
  /** What flows answer. A flow may replace any of these by setting the header itself in its response node. */
  flows(req: IncomingMessage, res: ServerResponse): void;
  /** The editor and its API. */
  editor(req: IncomingMessage, res: ServerResponse): void;
}

/** Runs helmet once on a fake response and keeps what it set: doing so per request costs a third of the throughput. */
function headersOf(options: HelmetOptions): HeaderList {
  const headers = new Map<string, string>();
  const response = {
    setHeader: (name: string, value: string | number) => headers.set(name, String(value)),
    removeHeader: (name: string) => headers.delete(name),
  };
  let done = false;
  helmet(options)({} as IncomingMessage, response as unknown as ServerResponse, (error) => {
    if (error) throw error;
    done = true;
  });
  // Were helmet to become asynchronous, the headers would silently be missing.
  if (!done) throw new Error('helmet did not finish at once');
  return [...headers];
}

const common: HelmetOptions = {
  xFrameOptions: { action: 'deny' },
  // Set apart from these: it depends on the host that the request names.
  strictTransportSecurity: false,
};

const NOTHING = {
  'default-src': ["'none'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
};

/**
 * Node-RED keeps the session in localStorage of the same origin that flows answer on, so a page served by a flow must
 * not run scripts: `sandbox` gives it an origin of its own. A flow that is to serve an application sets its own policy
 * in its response node; whoever may deploy that flow could run code on the server anyway.
 */
const FLOWS_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** `style-src 'unsafe-inline'` cannot be avoided: jQuery, Monaco and mermaid write style attributes. */
function editorHeaders(scriptHashes: readonly string[]): HeaderList {
  const quoted = scriptHashes.map((hash) => `'${hash.replaceAll("'", '')}'`);
  return headersOf({
    ...common,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'", ...quoted],
        'script-src-attr': ["'none'"],
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:'],
        'font-src': ["'self'"],
        'connect-src': ["'self'"],
        'worker-src': ["'self'"],
        'manifest-src': ["'self'"],
        'form-action': ["'self'"],
        'base-uri': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
  });
}

/** HSTS for `localhost` would break every other plain-http server that a developer has there. */
const isLocalName = (host: string | undefined): boolean =>
  host !== undefined && /^(?:[^:]*\.)?localhost(?::\d+)?$/i.test(host);

export function securityHeaders(options: {
  tls: boolean;
  /** The inline scripts of node definitions that the editor may run, as `sha256-…`. */
  scriptHashes: () => readonly string[];
}): SecurityHeaders {
  const plain = headersOf({ ...common, contentSecurityPolicy: { useDefaults: false, directives: NOTHING } });
  const flows: HeaderList = [
    ['Content-Security-Policy', FLOWS_POLICY],
    // Fewer than elsewhere: these are paid for on every call of an endpoint, and the others only concern documents.
    ...plain.filter(([name]) =>
      ['X-Content-Type-Options', 'Referrer-Policy', 'Cross-Origin-Resource-Policy'].includes(name),
    ),
  ];
  let editor: { hashes: readonly string[]; list: HeaderList } | null = null;

  const set = (req: IncomingMessage, res: ServerResponse, list: HeaderList): void => {
    for (const [name, value] of list) res.setHeader(name, value);
    if (options.tls && !isLocalName(req.headers.host)) res.setHeader('Strict-Transport-Security', 'max-age=31536000');
  };

  return {
    plain: (req, res) => set(req, res, plain),
    flows: (req, res) => set(req, res, flows),
    editor(req, res) {
      const hashes = options.scriptHashes();
      // The list changes when node sets are enabled or disabled; comparing it is cheaper than building the header.
      if (
        editor === null ||
        editor.hashes.length !== hashes.length ||
        editor.hashes.some((hash, i) => hash !== hashes[i])
      ) {
        editor = { hashes: [...hashes], list: editorHeaders(hashes) };
      }
      set(req, res, editor.list);
    },
  };
}
