import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Block, blocksOf, isSettings, root } from '../../scripts/doc-commands.ts';

/** Nobody's password: what a person would type at a question, and its hash. */
const PASSWORD = 'seven quiet redstarts at dusk';
const HASH = '$2b$10$7EqJtq98hPqEX7fNZaFWoO5x1Zb6x3b1t3gqkR1vWbQyZzJ8q8y2K';
/** Of the project, for a folder that looks like a clone: what the commands there use, and do not change. */
const NOT_SHARED = new Set(['.git', '.gitignore', 'flows', 'data', 'docs', 'release', 'dist', 'docker', '.env']);
/** As long as a start may take on a machine that does other things as well. */
const LONGEST_MS = 60_000;

export interface Told {
  block: Block;
  status: number | null;
  output: string;
  /** What is not as the page says; null when all is. */
  fault: string | null;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** A folder in which the commands of one page are run, one block after the other. */
export class DocWorkshop {
  readonly #base = mkdtempSync(join(tmpdir(), 'redstart-docs-'));
  readonly #folder = join(this.#base, 'clone');
  readonly #home = join(this.#base, 'home');
  readonly #bin = join(this.#base, 'bin');
  readonly #secrets = join(this.#base, 'secrets');
  readonly #running: ChildProcess[] = [];
  readonly #more: Record<string, string> = {};
  /** Of containers, their volume and their label. */
  readonly #name = `redstart-docs-${randomBytes(5).toString('hex')}`;
  #port = 0;
  #usesDocker = false;

  static async open(): Promise<DocWorkshop> {
    // What `npm start` would install, it would install into the project that everybody works in.
    const wanted = createHash('sha256')
      .update(readFileSync(join(root, 'package-lock.json')))
      .digest('hex');
    const installed = readFileSync(join(root, 'node_modules/.redstart-installed'), 'utf8').trim();
    if (installed !== wanted)
      throw new Error('Other packages are installed than package-lock.json says: npm run setup');
    const workshop = new DocWorkshop();
    workshop.#port = await freePort();
    workshop.#tools();
    workshop.#clone();
    workshop.#hold();
    return workshop;
  }

  /** Programs as a reader has them: `redstart` on the path, an appliance at the addresses that the pages name. */
  #tools(): void {
    const programs: Record<string, string> = {
      redstart: `exec "${process.execPath}" "${join(root, 'dist/server/main.js')}" "$@"`,
      // The permission model reads no links: the program itself, wherever the page names it.
      node: `for each; do shift; [ "$each" = dist/server/main.js ] && each="${join(root, 'dist/server/main.js')}"; set -- "$@" "$each"; done\nexec "${process.execPath}" "$@"`,
      curl: `to=127.0.0.1:${this.#port}\nPATH="${process.env.PATH}" exec curl --silent --show-error --fail --insecure --max-time 20 --connect-to "localhost:1880:$to" --connect-to "redstart.example.org:443:$to" --connect-to "automation.example.org:443:$to" "$@"`,
    };
    // Typed at a terminal, which there is none of; built from the project, which the folder is made of links to; removed
    // at the end.
    programs.docker = `
      [ "$1" = build ] && cd "${root}"
      [ "$1" = run ] && { shift; set -- run --label ${this.#name} "$@"; }
      for each; do shift; [ "$each" = -it ] && each=-i; set -- "$@" "$each"; done
      PATH="${process.env.PATH}" exec ${process.env.DOCKER ?? 'docker'} "$@"`;
    mkdirSync(this.#bin, { recursive: true });
    for (const [name, line] of Object.entries(programs)) {
      writeFileSync(join(this.#bin, name), `#!/bin/sh\n${line}\n`);
      chmodSync(join(this.#bin, name), 0o755);
    }
  }

  /** The project with flows of a reader in it: two versions of them, a tag each, and an export. */
  #clone(): void {
    for (const folder of [this.#folder, this.#home, join(this.#folder, 'flows'), join(this.#folder, 'dist')])
      mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(root)) {
      if (!NOT_SHARED.has(name)) symlinkSync(join(root, name), join(this.#folder, name));
    }
    for (const name of readdirSync(join(root, 'dist')))
      symlinkSync(join(root, 'dist', name), join(this.#folder, 'dist', name));
    cpSync(join(root, 'docker'), join(this.#folder, 'docker'), { recursive: true });
    const examples = join(root, 'nodes/examples');
    const bring = (from: string, to: string): void => cpSync(from, join(this.#folder, to));
    bring(join(root, 'flows/starter.json'), 'flows/starter.json');
    for (const end of ['json', 'flowtest.yaml']) {
      bring(join(examples, `launch-when-files-arrive.${end}`), `flows/launch-when-files-arrive.${end}`);
      bring(join(examples, `nightly-launch.${end}`), `flows/nightly.${end}`);
    }
    bring(join(examples, 'chain-two-pipelines.json'), 'export.json');
    bring(join(examples, 'nightly-launch.json'), 'nightly.json');
    bring(join(examples, 'nightly-launch.json'), 'old.json');
    writeFileSync(
      join(this.#folder, 'new.json'),
      readFileSync(join(this.#folder, 'old.json'), 'utf8').replace('"label": "', '"label": "New: '),
    );
    this.#shell(`
      git config --global user.name Ada && git config --global user.email ada@example.org
      git config --global init.defaultBranch main
      git init -q && printf '/*\\n!/flows\\n!/.gitattributes\\n' > .git/info/exclude
      git add flows && git commit -q -m one && git tag v1.2
      git checkout -q -b feature && cp new.json flows/nightly.json && git commit -q -a -m two && git tag v1.3 && git checkout -q main
    `);
  }

  /** Secrets as files, where the pages have them in /run/secrets. */
  #hold(): void {
    const day = '2099-01-31T00:00:00Z';
    const files: Record<string, string> = {
      'tower-token': 'a-token-of-nobody',
      'git-token': 'a-token-of-nobody',
      'oidc-secret': 'a-secret-of-nobody',
      'credential-secret': 'another-secret-of-nobody-at-all',
      'admin-password-hash': HASH,
      'database-url': 'postgres://redstart:of-nobody@db.example.org/redstart?sslmode=verify-full',
      'users.yaml': `- {username: eva, passwordHash: '${HASH}', role: editor}\n`,
      'tokens.yaml': `- {name: bot, sha256: ${'ab'.repeat(32)}, role: viewer, expires: ${day}}\n`,
    };
    mkdirSync(this.#secrets, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#secrets, name), text, { mode: 0o600 });
  }

  get #env(): NodeJS.ProcessEnv {
    const PATH = `${this.#bin}:${dirname(process.execPath)}:${process.env.PATH}`;
    const kept = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => /^(?:DOCKER|LANG|TMPDIR)/.test(name)),
    );
    return {
      ...kept,
      PATH,
      HOME: this.#home,
      PORT: String(this.#port),
      GIT_CONFIG_NOSYSTEM: '1',
      DOCKER_BUILDKIT: '1',
      ...this.#more,
    };
  }

  #shell(script: string): void {
    const { status, stderr } = spawnSync('bash', ['-euc', script], {
      cwd: this.#folder,
      env: this.#env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the folder for the pages could not be made:\n${stderr}`);
  }

  async run(block: Block): Promise<Told> {
    if (block.with === 'appliance') await this.#appliance();
    if (block.with === 'data') await this.#data();
    if (block.with === 'nothing') await this.#stopAll();
    this.#usesDocker ||= block.docker;
    const settings = isSettings(block);
    const code = [
      ...block.first,
      ...(settings ? ['set -a'] : []),
      block.code,
      ...(settings ? ['redstart config'] : []),
    ].join('\n');
    const script = block.docker ? this.#withOwnNames(code) : code.replaceAll('/run/secrets/', `${this.#secrets}/`);
    const { status, output } = await this.#execute(script, block.starts);
    return { block, status, output, fault: faultOf(block, status, output) };
  }

  /** A container and a volume of the person who runs the tests may have the names that the pages give. */
  #withOwnNames(code: string): string {
    return code
      .replaceAll('127.0.0.1:1880:1880', `127.0.0.1:${this.#port}:1880`)
      .replace(
        /(--name |docker (?:exec|stop|rm|logs|start|inspect) |docker cp (?:\S+ )?)redstart\b/g,
        `$1${this.#name}`,
      )
      .replaceAll('redstart-data:', `${this.#name}:`);
  }

  /** Runs a script to its end; or until it says something, from when on it runs beside. */
  async #execute(script: string, until: string | null): Promise<{ status: number | null; output: string }> {
    const child = spawn('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
      cwd: this.#folder,
      env: this.#env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#running.push(child);
    let output = '';
    return await new Promise((resolve) => {
      const end = (status: number | null): void => {
        clearTimeout(timer);
        resolve({ status, output });
      };
      const timer = setTimeout(() => {
        output += `\n(stopped after ${LONGEST_MS / 1000} s)`;
        stop(child);
        end(null);
      }, LONGEST_MS);
      const hear = (chunk: Buffer): void => {
        output += chunk.toString();
        if (until !== null && output.includes(until)) end(0);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('close', end);
      child.stdin.on('error', () => {});
      child.stdin.end(`${PASSWORD}\n`);
    });
  }

  /** A data folder as an appliance leaves it. */
  async #data(): Promise<void> {
    await this.#execute('REDSTART_SIMULATOR=true exec redstart serve', '"msg":"ready"');
    await this.#stopAll();
  }

  /** One with everything on, for pages that ask it something. The token of `$TOKEN` is for its admin API. */
  async #appliance(): Promise<void> {
    if (this.#more.TOKEN !== undefined) return;
    const file = join(this.#secrets, 'own-tokens.yaml');
    const made = await this.#execute(`redstart token create docs --role admin --days 1 --file ${file}`, null);
    this.#more.TOKEN = /\brs_[\w-]+/.exec(made.output)?.[0] ?? '';
    const set = `REDSTART_SIMULATOR=true REDSTART_TLS=self-signed REDSTART_TOKENS_FILE=${file} REDSTART_ADMIN_PASSWORD='${PASSWORD}'`;
    const { output, status } = await this.#execute(`${set} exec redstart serve`, '"msg":"ready"');
    if (status !== 0) throw new Error(`the appliance for the page does not start:\n${made.output}${output}`);
  }

  async #stopAll(): Promise<void> {
    await Promise.all(this.#running.splice(0).map(stopped));
  }

  async close(): Promise<void> {
    await this.#stopAll();
    if (this.#usesDocker) {
      const own = `docker ps -aq --filter label=${this.#name}`;
      await this.#execute(`${own} | xargs -r docker rm -fv; docker volume rm -f ${this.#name}`, null);
    }
    rmSync(this.#base, { recursive: true, force: true });
  }
}

/** Digits, and the spaces that they take, differ from run to run. */
const shape = (line: string): string => line.replace(/\d+/g, '0').trim();

function faultOf(block: Block, status: number | null, output: string): string | null {
  if (status !== block.exitCode) return `ended with ${status}, not ${block.exitCode}`;
  const unheard = block.shows.filter((text) => !output.includes(text));
  if (unheard.length > 0) return `does not show: ${unheard.join(' | ')}`;
  const heard = output.split('\n').map(shape);
  const missing = block.transcript.filter((line) => !heard.includes(shape(line)));
  return missing.length === 0 ? null : `does not print: ${missing.join(' | ')}`;
}

function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): void {
  try {
    // The group: a shell does not hand a signal on.
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((resolve) => child.once('exit', resolve));
  stop(child);
  const timer = setTimeout(() => stop(child, 'SIGKILL'), 10_000);
  await end;
  clearTimeout(timer);
}

/** Runs those blocks of a page that are meant, in their order. */
export async function runPage(page: string, meant: (block: Block) => boolean): Promise<Told[]> {
  const blocks = blocksOf(page).filter((block) => block.notRun === null && meant(block));
  if (blocks.length === 0) return [];
  const workshop = await DocWorkshop.open();
  try {
    const told: Told[] = [];
    for (const block of blocks) told.push(await workshop.run(block));
    return told;
  } finally {
    await workshop.close();
  }
}

/** As a person reads it when something is wrong. */
export const complaint = ({ block, output, fault }: Told): string =>
  `${block.page}:${block.line} ${fault}\n${block.code}\n--\n${output.slice(-2000)}`;
