/**
 * What the admin root answers to the unauthenticated: what a browser needs before it has a session, or fetches without
 * its header (scripts, styles, images, fonts, workers). Everything else needs a session, routes that nodes and plugins add included.
 * Paths are relative to the admin root, matched as sent and by exact letters.
 */
export interface PublicRoute {
  readonly methods: readonly string[];
  readonly path: RegExp;
  readonly why: string;
  /** The answer holds nothing of this installation's flows and may be kept by the browser. */
  readonly cacheable: boolean;
}

const READ = ['GET', 'HEAD'] as const;
/** One or more path segments that begin with a letter, a digit, `_` or `@`: no `.`, no `..`, no empty one, nothing encoded. */
const FILE = '(?:/(?:[\\w@][\\w@.~+-]*))+';

const asset = (path: string, why: string): PublicRoute => ({
  methods: READ,
  path: new RegExp(`^${path}$`),
  why,
  cacheable: true,
});

export const PUBLIC_ADMIN_ROUTES: readonly PublicRoute[] = [
  { methods: READ, path: /^\/?$/, why: 'the page that shows the sign-in form', cacheable: false },
  { methods: READ, path: /^\/auth\/login$/, why: 'which fields the sign-in form has', cacheable: false },
  { methods: ['POST'], path: /^\/auth\/token$/, why: 'signing in', cacheable: false },
  {
    methods: READ,
    path: /^\/auth\/(?:sign-in|oidc|callback)$/,
    why: 'single sign-on, on pages of its own',
    cacheable: false,
  },
  { methods: ['POST'], path: /^\/auth\/sign-in$/, why: 'the form of that page', cacheable: false },
  { methods: READ, path: /^\/theme$/, why: 'title and images of the sign-in form', cacheable: false },
  asset('/favicon\\.ico', 'icon'),
  // `/red/about` is the change log, which tells the exact version; any case of it, for file systems that do not care.
  asset(`/red(?!/[aA][bB][oO][uU][tT](?:/|$))${FILE}`, "the editor's own scripts, styles and images"),
  asset(`/vendor${FILE}`, "the editor's libraries, fonts and workers"),
  asset(`/types${FILE}`, 'type definitions that the code editor loads in a worker'),
  asset(`/theme${FILE}`, 'files of the theme'),
  asset(`/icons${FILE}`, 'icons of nodes, loaded as images'),
  asset(`/resources${FILE}`, 'scripts and images that node packages publish for the editor'),
  { methods: READ, path: /^\/locales\/[\w-]+(?:\/[\w@.-]+)*$/, why: 'labels of the sign-in form', cacheable: false },
  asset(`/debug/view${FILE}`, 'the empty window that debug messages are shown in'),
];

export function publicRoute(method: string, path: string): PublicRoute | null {
  return PUBLIC_ADMIN_ROUTES.find((route) => route.methods.includes(method) && route.path.test(path)) ?? null;
}
