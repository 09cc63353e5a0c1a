import { execFileSync, type StdioOptions, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** Docker's client: what DOCKER names, else the one on the path. DOCKER_HOST says where the engine is, as usual. */
const client = process.env.DOCKER ?? 'docker';
/** A container that was expected to end and does not must not stop the suite. The longest is a build from nothing. */
const TIMEOUT_MS = 500_000;
const env = { ...process.env, DOCKER_BUILDKIT: '1' };

export const BASE = 'node:24-bookworm-slim';
export const IMAGE = 'redstart:test';

export interface Outcome {
  status: number;
  output: string;
}

/** Runs it and gives exit code and all that it wrote. */
export function tryDocker(...args: string[]): Outcome {
  const { status, stdout, stderr, error } = spawnSync(client, args, {
    env,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    timeout: TIMEOUT_MS,
  });
  if (error) throw error;
  return { status: status ?? -1, output: stdout + stderr };
}

/** Runs it and gives what it wrote to standard output; throws when it fails. */
export function docker(...args: string[]): string {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
  return execFileSync(client, args, { env, encoding: 'utf8', maxBuffer: 64 << 20, timeout: TIMEOUT_MS, stdio }).trim();
}

/** Why no container can be run here, or null. */
export const noEngine: string | null = (() => {
  try {
    docker('version', '--format', '{{.Server.Version}}');
  } catch {
    return `no container engine answers (${client} version): start one, or set DOCKER_HOST`;
  }
  try {
    docker('image', 'inspect', BASE);
  } catch {
    if (tryDocker('pull', '--quiet', BASE).status !== 0)
      return `the base image ${BASE} is neither there nor can it be pulled`;
  }
  return null;
})();

if (noEngine !== null) {
  // In CI a machine without an engine must not look like a pass: .ci/run sets this where it has started one.
  if (process.env.REDSTART_NEEDS_ENGINE === 'true') throw new Error(noEngine);
  console.warn(`Container tests are skipped: ${noEngine}`);
}

/** What the image says of itself in tests. The same in each file: they share it. */
export const LABELS = { VERSION: '1.2.3', REVISION: 'abc' };

/** Builds the image; what is built already is not built again. */
export function buildImage(tag = IMAGE, ...args: string[]): void {
  const labels = Object.entries(LABELS).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  docker('build', '--quiet', '--tag', tag, ...labels, ...args, root);
}
