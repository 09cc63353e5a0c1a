import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Appliance } from './appliance.ts';
import { connectionTo, post, type Simulator } from './platform.ts';

export interface ReplicaSetup {
  simulator: Simulator;
  flows: Record<string, unknown>;
  /** Each may have a way of its own to the one database. */
  database: string;
  env?: Record<string, string>;
}

/** Replicas of one appliance, each in a folder of its own, as on machines of their own. */
export class ReplicaSet {
  readonly #folders: string[] = [];
  readonly running: Appliance[] = [];

  launch({ simulator, flows, database, env = {} }: ReplicaSetup): Appliance {
    const folder = mkdtempSync(join(tmpdir(), 'redstart-replica-'));
    this.#folders.push(folder);
    const appliance = Appliance.launch({
      folder,
      flows,
      env: {
        ...connectionTo(simulator, folder),
        REDSTART_DATABASE_URL: database,
        REDSTART_FLOWS_MODE: 'readonly',
        ...env,
      },
    });
    this.running.push(appliance);
    void appliance.exited.then(() => this.running.splice(this.running.indexOf(appliance), 1));
    return appliance;
  }

  async start(setup: ReplicaSetup): Promise<Appliance> {
    const appliance = this.launch(setup);
    await appliance.until(() => appliance.url !== '', 'the address in the log');
    await appliance.untilReady();
    return appliance;
  }

  /** Asks one after the other until one answers. */
  async ask(path: string, body: unknown, signal?: AbortSignal): Promise<void> {
    for (let turn = 0; !signal?.aborted; turn += 1) {
      const url = this.running[turn % Math.max(1, this.running.length)]?.url;
      const cut = AbortSignal.timeout(5000);
      const answer = url ? await fetch(`${url}${path}`, { ...post(body), signal: cut }).catch(() => null) : null;
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const appliance of [...this.running]) await appliance.kill();
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}

export const leads = (appliance: Appliance): boolean => appliance.lines.some(({ msg }) => msg === 'flows started');

export const isStandby = async (appliance: Appliance): Promise<boolean> => {
  const { reasons } = (await (await appliance.fetch('/readyz')).json()) as { reasons: { code: string }[] };
  return reasons.some(({ code }) => code === 'standby');
};
