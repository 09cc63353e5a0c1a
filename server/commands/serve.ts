import type { Config } from '../config/index.ts';
import { ERROR_CATALOGUE } from '../error-catalogue.ts';
import { type Appliance, createAppliance } from '../runtime/appliance.ts';
import { banner } from '../runtime/banner.ts';
import { createLogs, type Logs } from '../runtime/logs.ts';
import { handleFaults } from '../runtime/process-faults.ts';
import { releaseStartMemory } from '../runtime/release-memory.ts';
import { stopInTime } from '../runtime/stop-in-time.ts';

/** From the signal to the exit; whoever started it kills it after 10 s (Docker) to 30 s. */
const STOP_DEADLINE_MS = 9000;
/** After an uncaught exception: long enough for nodes to save their state. */
const FAULT_DEADLINE_MS = 3000;

const SIGNALS = { SIGTERM: 143, SIGINT: 130 } as const;

/** `redstart serve`: resolves when flows run, and leaves the process to the signals. */
export async function serve(config: Config): Promise<void> {
  // Whatever is written here is for this user alone: context, sessions and credentials among it.
  process.umask(0o077);
  const logs = createLogs(config);
  const logger = logs.of('program');
  // Whatever the end is, but for a kill: what was counted and not written is.
  process.once('exit', () => logs.flush());
  for (const warning of config.warnings) logger.warn(warning);
  const appliance = createAppliance(config, logs, (reason) => {
    logger.fatal({ code: 'LEASE_LOST' }, `this replica ends, as it may not run the flows any more: ${reason}`);
    process.exit(ERROR_CATALOGUE.LEASE_LOST.exitCode);
  });
  exitOnSignals(appliance, logs);
  handleFaults(process, {
    logger,
    index: appliance.index,
    blame: appliance.blame,
    fatal: () => void stopInTime(appliance, FAULT_DEADLINE_MS).finally(() => process.exit(1)),
  });
  const started = await appliance.start().catch(async (error: unknown) => {
    await tell(error, config, logs);
    throw error;
  });
  if (!started) return;
  // Once flows run: it must not make anybody wait for them.
  await (await import('../check/log-findings.ts')).logFindings(config, logs.of('flows'));
  releaseStartMemory();
  if (config.local) process.stdout.write(banner(config, started));
}

/** Who set an address for notifications is told of a start that fails. */
async function tell(error: unknown, config: Config, logs: Logs): Promise<void> {
  const { notifications } = config;
  if (notifications === null) return;
  const { tellFailedStart } = await import('../notifications/failed-start.ts');
  await tellFailedStart(error, { config, notifications, logger: logs.of('notifications') });
}

function exitOnSignals(appliance: Appliance, logs: Logs): void {
  const logger = logs.of('program');
  let stopping = false;
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (stopping) {
        logger.warn({ signal }, 'second signal: exit at once');
        process.exit(exitCode);
      }
      stopping = true;
      logger.info({ signal }, 'stopping');
      stopInTime(appliance, STOP_DEADLINE_MS).then(
        () => {
          logs.flush();
          logger.info('stopped');
          process.exit(0);
        },
        (error: unknown) => {
          logger.error({ err: error }, 'the stop failed');
          process.exit(1);
        },
      );
    });
  }
}
