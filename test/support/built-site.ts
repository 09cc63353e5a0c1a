import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/** The documentation site as VitePress builds it, below a path of its host. */
export class BuiltSite {
  readonly folder: string;
  readonly base: string;
  readonly built: { status: number | null; output: string; seconds: number };
  #server: Server | null = null;

  constructor(folder: string, base: string) {
    this.folder = folder;
    this.base = base;
    const before = performance.now();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/vitepress/bin/vitepress.js'), 'build', 'docs', '--outDir', folder],
      { cwd: root, env: { ...process.env, DOCS_BASE: base, NODE_ENV: 'production' }, encoding: 'utf8' },
    );
    this.built = { status, output: `${stdout}${stderr}`, seconds: (performance.now() - before) / 1000 };
  }

  files(pattern: string): string[] {
    return globSync(pattern, { cwd: this.folder })
      .map((file) => file.split('\\').join('/'))
      .sort();
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  /** The file that a static server would answer a path with; null when there is none. */
  fileOf(path: string): string | null {
    if (!path.startsWith(this.base)) return null;
    const within = decodeURIComponent(path.slice(this.base.length));
    const file = within === '' || within.endsWith('/') ? `${within}index.html` : within;
    const at = join(this.folder, file);
    return existsSync(at) && statSync(at).isFile() ? file : null;
  }

  /** Serves it as the simplest of servers does: files, and nothing else. */
  async serve(): Promise<string> {
    this.#server = createServer((request, response) => {
      const file = this.fileOf(new URL(request.url ?? '/', 'http://site').pathname);
      if (file === null) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
      response.end(readFileSync(join(this.folder, file)));
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.base}`;
  }

  close(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }
}
