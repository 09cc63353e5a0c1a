import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Audit } from '../audit/audit-event.ts';
import { type Config, registerSecret } from '../config/index.ts';
import { DATA_FILES } from '../flows/data-files.ts';
import { renewEncryption, resolveSecret } from '../flows/secret-rotation.ts';
import type { KeyRing } from '../state/key-ring.ts';

/** The secret that files are encrypted with; what was encrypted with an older one is, after this, no longer. */
export async function openSecret(
  config: Config,
  { logger, audit }: { logger: Logger; audit: Audit },
): Promise<KeyRing> {
  const options = {
    dataDir: config.data.dir,
    configured: config.credentialSecret?.reveal() ?? null,
    previous: config.previousCredentialSecret?.reveal() ?? null,
  };
  const { ring, generated } = await resolveSecret(options);
  // The one in the data folder has not come through the configuration, which registers its own.
  for (const secret of ring.secrets) registerSecret(secret);
  if (generated && !config.local) {
    logger.warn(
      { file: join(config.data.dir, DATA_FILES.credentialSecret) },
      'a credential secret was generated into the data folder: who has the folder has the credentials. Set REDSTART_CREDENTIAL_SECRET_FILE to keep them apart',
    );
  }
  const { files, promoted } = await renewEncryption(options, ring);
  if (promoted || (files.length > 0 && options.previous !== null)) {
    audit.record({ event: 'secret-rotated', files });
    logger.info({ files }, 'the credential secret was rotated: everything is encrypted with the new one');
  }
  if (options.previous !== null)
    logger.warn(
      'REDSTART_CREDENTIAL_SECRET_PREVIOUS is not needed any more: everything is encrypted with REDSTART_CREDENTIAL_SECRET. Take it out of the environment',
    );
  return ring;
}
