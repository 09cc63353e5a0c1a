import { join } from 'node:path';
import { pino } from 'pino';
import { openAuditTrail } from '../audit/open-trail.ts';
import type { Config } from '../config/index.ts';
import { RedstartError } from '../errors.ts';
import { DATA_FILES } from '../flows/data-files.ts';
import { stageSecret } from '../flows/secret-rotation.ts';
import { prepareDataFolder } from '../runtime/data-folder.ts';
import { openSecret } from '../runtime/open-secret.ts';
import { lockWhenIdle } from '../state/data-lock.ts';

/**
 * `redstart rotate-secret`. While the program runs it only makes the new secret, which the next start changes over to:
 * the running one has the old secret in its memory, and writes with it until it ends.
 */
export async function rotateSecret(config: Config): Promise<void> {
  process.umask(0o077);
  const dataDir = config.data.dir;
  if (config.credentialSecret !== null && config.previousCredentialSecret === null) {
    throw new RedstartError({
      code: 'ROTATION_NEEDS_PREVIOUS',
      message:
        'The credential secret comes from REDSTART_CREDENTIAL_SECRET, so the new one has to come from there too.',
      mend: 'Set REDSTART_CREDENTIAL_SECRET to the new secret and REDSTART_CREDENTIAL_SECRET_PREVIOUS to the one of now, and restart. Then take the second away.',
    });
  }
  await prepareDataFolder(dataDir);
  const lock = lockWhenIdle(join(dataDir, DATA_FILES.lock));
  if (config.credentialSecret === null) await stageSecret(dataDir);
  if (lock === null) {
    console.log(
      config.credentialSecret === null
        ? `A new secret is in ${join(dataDir, DATA_FILES.nextCredentialSecret)}. The next start encrypts everything with it; restart when it suits you.`
        : 'The program runs. The next start encrypts everything with REDSTART_CREDENTIAL_SECRET; restart when it suits you.',
    );
    return;
  }
  try {
    const logger = pino({ level: 'error' }, pino.destination({ fd: 2, sync: true }));
    const audit = openAuditTrail(config, join(dataDir, DATA_FILES.audit), logger);
    try {
      await openSecret(config, { logger, audit });
    } finally {
      audit.close();
    }
    console.log(
      `Everything in ${dataDir} is encrypted with the new secret. Backups made before still need the old one.`,
    );
  } finally {
    lock.release();
  }
}
