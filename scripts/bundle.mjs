// Puts what `redstart` loads into a few files: a start that finds, reads and links five hundred takes a third longer, and
// needs 15 MB more. The files that the compiler made stay beside them: worker threads, child processes and nodes are
// started from those.
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Packages that are loaded as they are: those that Node-RED has too, which must be the same; those that are loaded late or
 * by few; and those that look for files beside their own.
 */
const AS_THEY_ARE =
  /^(?:node-red|@node-red\/|express$|jsonata|pino-pretty|pg$|openid-client|simple-git|selfsigned|bcryptjs|@opentelemetry\/(?!api))/;

export async function bundle(root) {
  const server = join(root, 'dist', 'server');
  const out = join(server, 'bundle');
  const sources = [join(root, 'server'), join(root, 'settings'), join(root, 'simulator')].map((dir) => dir + sep);
  rmSync(out, { recursive: true, force: true });
  const build = await rolldown({
    input: join(root, 'server', 'run.ts'),
    platform: 'node',
    external: (id) => id.startsWith('node:') || AS_THEY_ARE.test(id),
    plugins: [
      {
        name: 'place',
        transform: (code, id) => (sources.some((dir) => id.startsWith(dir)) ? inPlace(code, id) : null),
      },
    ],
  });
  await build.write({ dir: out, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' });
  await build.close();
  writeFileSync(join(server, 'run.js'), "export { run } from './bundle/run.js';\n");

  /** A file asks where it is to find others: that is where the compiler put it. */
  function inPlace(code, id) {
    if (!code.includes('import.meta')) return null;
    const place = relative(out, join(root, 'dist', relative(root, id).replace(/\.ts$/, '.js'))).replaceAll(sep, '/');
    const placed = code
      .replaceAll('import.meta.url', `new URL(${JSON.stringify(place)}, import.meta.URL).href`)
      .replaceAll(
        'import.meta.dirname',
        `decodeURIComponent(new URL(${JSON.stringify(dirname(place))}, import.meta.URL).pathname)`,
      );
    if (/import\.meta\.(?!URL)/.test(placed))
      throw new Error(`${id} uses import.meta in a way that the bundle does not know`);
    return placed.replaceAll('import.meta.URL', 'import.meta.url');
  }
}
