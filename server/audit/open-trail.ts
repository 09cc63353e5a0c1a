import type { Logger } from 'pino';
import { type Config, redact } from '../config/index.ts';
import { AuditFile } from './audit-file.ts';
import { type AuditTrail, createAuditTrail } from './audit-trail.ts';

/** The trail as configured; with REDSTART_AUDIT=off one that keeps nothing. */
export function openAuditTrail(config: Pick<Config, 'audit'>, dir: string, logger: Logger): AuditTrail {
  const { mode, maxBytes, files } = config.audit;
  if (mode === 'off') return { record() {}, head: () => ({ seq: 0, hash: '' }), close() {} };
  return createAuditTrail({
    sink: mode === 'log' ? null : new AuditFile({ dir, maxBytes, keep: files }),
    toLog: mode !== 'file',
    logger,
    redact,
  });
}
