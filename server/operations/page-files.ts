import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RedstartError } from '../errors.ts';
import { PAGE_STYLE } from './page-style.ts';

export interface PageFile {
  type: string;
  text: string;
  tag: string;
}

/** The modules of the page, as compiled from page/. */
const MODULES = [
  'main',
  'app',
  'session',
  'stream',
  'state',
  'charts',
  'runs',
  'sections',
  'run-dialog',
  'sign-in',
  'format',
  'language',
  'language-choice',
  'text-en',
  'text-de',
];

/** What they import by name, and where it is: preact alone. */
const LIBRARY = {
  preact: 'dist/preact.mjs',
  'preact/hooks': 'hooks/dist/hooks.mjs',
  'preact/jsx-runtime': 'jsx-runtime/dist/jsxRuntime.mjs',
} as const;

const importMap = JSON.stringify({
  imports: Object.fromEntries(Object.keys(LIBRARY).map((name) => [name, `./status/${fileOf(name)}`])),
});

function fileOf(name: string): string {
  return `${name.replace('/', '-')}.mjs`;
}

/**
 * Nothing inline but the import map, by its hash, and nothing from elsewhere: what the Platform or a flow names, shown here,
 * can become neither script nor style nor request.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${hash('sha256', importMap, 'base64')}'`,
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/**
 * It holds nothing that is anybody's: the page asks for that with the session of who looks. Addresses are relative to
 * `/status`, whatever a proxy takes away of the path.
 */
const html = (editorPath: string): string => `<!doctype html>
<html lang="en" data-editor="${encodeURI(editorPath.slice(1))}/">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Status · Redstart</title>
<link rel="stylesheet" href="status/page.css">
<script type="importmap">${importMap}</script>
<script type="module" src="status/main.js"></script>
${MODULES.slice(1)
  .map((name) => `<link rel="modulepreload" href="status/${name}.js">`)
  .join('\n')}
</head>
<body><div id="app"><noscript><p>This page needs JavaScript. The same as data: status.json, with an API token.</p><p lang="de">Diese Seite benötigt JavaScript. Dasselbe als Daten: status.json, mit einem API-Token.</p></noscript></div></body>
</html>
`;

/** Everything that a browser is given before anybody has signed in, by path. Read when it is first asked for. */
export function pageFiles(editorPath: string): Map<string, PageFile> {
  const files = new Map<string, PageFile>();
  const add = (path: string, type: string, text: string): void => {
    files.set(path, {
      type: `${type}; charset=utf-8`,
      text,
      tag: `"${hash('sha256', text, 'base64url').slice(0, 22)}"`,
    });
  };
  add('/status', 'text/html', html(editorPath));
  add('/status/page.css', 'text/css', PAGE_STYLE);
  const folder = compiled();
  for (const name of MODULES)
    add(`/status/${name}.js`, 'text/javascript', readFileSync(join(folder, `${name}.js`), 'utf8'));
  const library = dirname(createRequire(import.meta.url).resolve('preact/package.json'));
  for (const [name, path] of Object.entries(LIBRARY))
    add(
      `/status/${fileOf(name)}`,
      'text/javascript',
      readFileSync(join(library, path), 'utf8').replace(/^\/\/# sourceMappingURL.*$/m, ''),
    );
  return files;
}

/** dist/server/operations/page, beside this file when it is built too. */
function compiled(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = [join(here, 'page'), join(here, '..', '..', 'dist', 'server', 'operations', 'page')];
  const folder = places.find((place) => existsSync(join(place, 'main.js')));
  if (folder !== undefined) return folder;
  throw new RedstartError({
    code: 'NOT_BUILT',
    message: `the scripts of the status page are not at ${places[0]}`,
    mend: 'Build the program: npm run build.',
  });
}
