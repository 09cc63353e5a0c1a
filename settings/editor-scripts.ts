import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RedstartError } from '../server/errors.ts';

const NAMES = ['inline-handlers.js', 'refused-deploy.js'];

/**
 * Redstart's own scripts of the editor page, as paths. They are compiled to dist/settings/editor, beside this file when
 * it is built too. Node-RED leaves out a file that is not there without a word.
 */
export function editorScripts(from: string = import.meta.url): string[] {
  const here = dirname(fileURLToPath(from));
  return NAMES.map((name) => {
    const places = [join(here, 'editor', name), join(here, '..', 'dist', 'settings', 'editor', name)];
    const file = places.find((place) => existsSync(place));
    if (file !== undefined) return file;
    throw new RedstartError({
      code: 'NOT_BUILT',
      message: `${name}, a script of the editor page, is not at ${places[0]}`,
      mend: 'Build the program: npm run build.',
    });
  });
}
