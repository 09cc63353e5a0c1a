import { rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '../config/index.ts';
import { RedstartError } from '../errors.ts';
import { DATA_FILES } from '../flows/storage-module.ts';
import { prepareDataFolder } from '../runtime/data-folder.ts';
import { type BackupParts, createBackup, restoreBackup } from '../state/backup.ts';
import { lockDataFolder } from '../state/data-lock.ts';
import { version } from '../version.ts';

/**
 * Not in it: sessions (everybody signs in again), the audit trail (it tells what happened, restored or not), caches, the TLS key, and the generated credential secret: with it in
 * the same file, whoever has the backup would have the credentials.
 */
const PARTS: BackupParts = {
  state: DATA_FILES.state,
  others: [
    DATA_FILES.credentials,
    DATA_FILES.deployers,
    DATA_FILES.settings,
    DATA_FILES.library,
    DATA_FILES.removedFlows,
  ],
};

/** `redstart backup FILE`: while it runs or not. */
export async function backup(config: Config, file: string): Promise<void> {
  refuseForDatabase(config);
  process.umask(0o077);
  const path = resolve(file);
  const { entries, files } = await createBackup({
    dataDir: config.data.dir,
    parts: PARTS,
    file: path,
    version: version(),
  });
  console.log(`${path}: ${entries} entries of context and ${files.length} file(s) of ${config.data.dir}.`);
  const secret = join(config.data.dir, DATA_FILES.credentialSecret);
  if (config.credentialSecret === null && (await stat(secret).catch(() => null))) {
    console.error(
      `note: the credentials in it are encrypted with ${secret}, which is not in it: keep that file apart.`,
    );
  }
}

/** `redstart restore FILE`: refuses while the program runs. */
export async function restore(config: Config, file: string): Promise<void> {
  refuseForDatabase(config);
  process.umask(0o077);
  const dataDir = config.data.dir;
  await prepareDataFolder(dataDir);
  const lock = lockDataFolder(join(dataDir, DATA_FILES.lock));
  try {
    const { at, entries, files, aside } = await restoreBackup({ dataDir, parts: PARTS, file: resolve(file) });
    // The backup may be of a version that did not seal credentials; the next start does, and says so again.
    await rm(join(dataDir, DATA_FILES.credentialsSealed), { force: true });
    console.log(`${dataDir}: as of ${at}, ${entries} entries of context and ${files.length} file(s).`);
    if (aside) console.log(`What was there before is in ${aside}.`);
  } finally {
    lock.release();
  }
}

/** A backup without what the flows remember would be taken for one. */
function refuseForDatabase(config: Config): void {
  if (config.replicas === null) return;
  throw new RedstartError({
    code: 'BACKUP_IN_DATABASE',
    message: 'What the flows remember is in the database of REDSTART_DATABASE_URL.',
    mend: 'Back it up, or restore it, with the tools of the database (pg_dump, pg_restore), and keep the credential secret apart.',
  });
}
