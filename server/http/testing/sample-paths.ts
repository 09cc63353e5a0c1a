const REGEXPS: Record<string, string> = {
  '/resources/x/y': '^\\/resources\\/((?:@[^\\/]+\\/)?[^\\/]+)\\/(.+)$',
  '/locales/x': '^\\/locales\\/(.+)\\/?$',
  '/library/x/y': '^\\/library\\/([^\\/]+)\\/([^\\/]+)(?:$|\\/(.*))',
  '/library/x/y/z': '^\\/library\\/([^\\/]+)\\/([^\\/]+)\\/(.*)',
  '/nodes/messages': '^\\/nodes\\/messages',
  '/nodes/x/y/messages': '^\\/nodes\\/((@[^\\/]+\\/)?[^\\/]+\\/[^\\/]+)\\/messages',
  '/nodes/x': '^\\/nodes\\/((@[^\\/]+\\/)?[^\\/]+)$',
  '/nodes/x/y': '^\\/nodes\\/((@[^\\/]+\\/)?[^\\/]+)\\/([^\\/]+)$',
  '/plugins/x': '^\\/plugins\\/((@[^\\/]+\\/)?[^\\/]+)$',
  '/plugins/x/y': '^\\/plugins\\/((@[^\\/]+\\/)?[^\\/]+)\\/([^\\/]+)$',
};

/**
 * Paths that Express would take for a route (`GET /flow/:id`). What belongs to a mounted app does not say where that is.
 * @throws for a pattern that is not known here: a new version of Node-RED has it
 */
export function samplePaths(route: string): { method: string; path: string }[] {
  const [method = '', ...rest] = route.split(' ');
  const pattern = rest.join(' ');
  if (pattern.startsWith('/^')) {
    const found = Object.entries(REGEXPS).filter(([, source]) => pattern === `/${source}/`);
    if (found.length === 0) throw new Error(`no path is known for ${pattern}`);
    return found.map(([path]) => ({ method, path }));
  }
  const path = pattern
    .replace(/:scope\((\w+)[^)]*\)/g, '$1')
    .replace(/:state/, 'enable')
    .replace(/:\w+/g, 'x')
    .replace(/\/\?\*|\*/g, 'x');
  const mounts = /^\/(?:$|:id)/.test(pattern)
    ? ['/projects', '/settings/user/keys', ...(pattern === '/' ? [''] : [])]
    : [''];
  return mounts.map((mount) => ({ method, path: `${mount}${path}` }));
}
