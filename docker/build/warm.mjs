// Starts the program once, with the editor, so that Node.js keeps its compiled code in CACHE_DIR, and stops it.
//   node warm.mjs APP_DIR CACHE_DIR [NODE_OPTION…]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [app = '/app', cache = '/compiled', ...flags] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'warm-'));
const child = spawn(process.execPath, [...flags, join(app, 'dist', 'server', 'main.js'), 'serve'], {
  env: {
    NODE_COMPILE_CACHE: cache,
    HOST: '127.0.0.1',
    PORT: '0',
    REDSTART_TLS: 'self-signed',
    REDSTART_DATA_DIR: join(folder, 'data'),
    REDSTART_FLOWS_DIR: join(app, 'flows'),
    REDSTART_FLOWS_MODE: 'readonly',
    // Loads the simulator as well, which is how most people start it for the first time.
    REDSTART_SIMULATOR: 'true',
    REDSTART_ADMIN_PASSWORD: `warm-${process.pid}-${Date.now()}`,
    LOG_FORMAT: 'json',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
let ready = false;
createInterface({ input: child.stdout }).on('line', (line) => {
  if (!line.includes('"msg":"ready"')) return;
  ready = true;
  child.kill('SIGTERM');
});
const given = setTimeout(() => child.kill('SIGKILL'), 120_000);
child.once('close', (code) => {
  clearTimeout(given);
  rmSync(folder, { recursive: true, force: true });
  if (!ready || code !== 0) {
    console.error(`The program did not start and stop as it should: exit code ${code}`);
    process.exitCode = 1;
  }
});
