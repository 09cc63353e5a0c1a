import { randomBytes } from 'node:crypto';
import https from 'node:https';
import { docker, IMAGE, type Outcome, tryDocker } from './engine.ts';

export interface Run {
  /** Options of `docker run`, before the image. */
  options?: string[];
  env?: Record<string, string>;
  /** What comes after the image. */
  command?: string[];
  image?: string;
}

/** As the documentation says to run it. */
export const HARDENED = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];

const flags = (env: Record<string, string>): string[] =>
  Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);

/** Runs one to its end: for starts that are meant to fail, and for commands. */
export function runToEnd({ options = [], env = {}, command = [], image = IMAGE }: Run): Outcome {
  return tryDocker('run', '--rm', ...HARDENED, ...options, ...flags(env), image, ...command);
}

/** A running container with the published port of the appliance. Removed, with its anonymous volumes, at the end. */
export class Container implements AsyncDisposable {
  readonly name = `redstart-test-${randomBytes(5).toString('hex')}`;
  #port = 0;

  static run({ options = [], env = {}, command = [], image = IMAGE }: Run = {}): Container {
    const container = new Container();
    const { name } = container;
    docker(
      'run',
      '--detach',
      '--name',
      name,
      '--publish',
      '127.0.0.1::1880',
      ...HARDENED,
      ...options,
      ...flags(env),
      image,
      ...command,
    );
    return container;
  }

  /** Starts one on the simulator and waits until it is ready. */
  static async start(run: Run = {}): Promise<Container> {
    const container = Container.run({
      ...run,
      env: { REDSTART_SIMULATOR: 'true', REDSTART_FLOWS_DIR: '/app/flows', ...run.env },
    });
    await container.untilReady();
    return container;
  }

  /** Published anew at each start of the container. */
  get port(): number {
    this.#port ||= Number(docker('port', this.name, '1880').split('\n')[0]?.split(':').at(-1));
    return this.#port;
  }

  get running(): boolean {
    return docker('inspect', '--format', '{{.State.Running}}', this.name) === 'true';
  }

  get exitCode(): number {
    return Number(docker('inspect', '--format', '{{.State.ExitCode}}', this.name));
  }

  get logs(): string {
    return tryDocker('logs', this.name).output;
  }

  get lines(): Record<string, unknown>[] {
    return this.logs
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  exec(...command: string[]): Outcome {
    return tryDocker('exec', this.name, ...command);
  }

  restart(): void {
    this.#port = 0;
    docker('start', this.name);
  }

  /** How long `docker stop` took, in milliseconds. */
  stop(): number {
    const begin = performance.now();
    docker('stop', this.name);
    return performance.now() - begin;
  }

  /** Over TLS, with its self-signed certificate. Status 0 when nothing answers. */
  request(
    path: string,
    options: https.RequestOptions & { body?: string } = {},
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve) => {
      const { body, ...rest } = options;
      const request = https.request(
        { host: '127.0.0.1', port: this.port, path, rejectUnauthorized: false, agent: false, timeout: 5000, ...rest },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        },
      );
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve({ status: 0, text: '' }));
      request.end(body);
    });
  }

  async untilReady(timeoutMs = 60_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while ((await this.request('/readyz')).status !== 200) {
      if (!this.running) throw new Error(`it ended with ${this.exitCode}:\n${this.logs}`);
      if (performance.now() > deadline) throw new Error(`not ready within ${timeoutMs} ms:\n${this.logs}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    tryDocker('rm', '--force', '--volumes', this.name);
  }
}

/** A named volume that goes at the end of the block. */
export function volume(): { name: string } & Disposable {
  const name = docker('volume', 'create');
  return { name, [Symbol.dispose]: () => void tryDocker('volume', 'rm', '--force', name) };
}

/** Runs a shell line as root in the image, with something mounted. */
export function asRoot(mount: string, line: string): string {
  return docker('run', '--rm', '--user', '0', '--volume', mount, '--entrypoint', 'sh', IMAGE, '-c', line);
}
