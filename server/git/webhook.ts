import { createHmac, timingSafeEqual } from 'node:crypto';
import express, { type Request, type RequestHandler, Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { Logger } from 'pino';

export const GIT_WEBHOOK_PATH = '/_redstart/git';

/** A push of many commits is about 100 KB; what it says is not read, only whether it is signed. */
const LIMIT = '1mb';
const CALLS_A_MINUTE = 30;

export interface GitWebhookOptions {
  secret: string;
  /** Looks for a new revision; it is not waited for. */
  trigger(): void;
  logger: Logger;
}

/**
 * A git host says that something was pushed. Open to the network, so: signed with the secret, limited by address, and
 * all that it sets off is a look at the repository that is configured.
 */
export function gitWebhook({ secret, trigger, logger }: GitWebhookOptions): RequestHandler {
  const router = Router();
  router.post(
    GIT_WEBHOOK_PATH,
    rateLimit({ windowMs: 60_000, limit: CALLS_A_MINUTE, standardHeaders: true, legacyHeaders: false }),
    express.raw({ type: () => true, limit: LIMIT }),
    (request, response) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      response.type('text/plain');
      if (!isSigned(request, body, secret)) {
        logger.warn(
          { address: request.ip },
          'a call of the git webhook was refused: it is not signed with REDSTART_GIT_WEBHOOK_SECRET',
        );
        response.status(401).send('Not signed with the secret of this webhook.\n');
        return;
      }
      trigger();
      response.status(202).send('Looking.\n');
    },
  );
  return router;
}

/** As GitHub and Bitbucket (`sha256=…`), Gitea and Forgejo (bare) sign it, or as GitLab sends the secret itself. */
function isSigned(request: Request, body: Buffer, secret: string): boolean {
  const wanted = createHmac('sha256', secret).update(body).digest('hex');
  const signature = request.get('X-Hub-Signature-256') ?? request.get('X-Hub-Signature');
  if (signature !== undefined) return same(signature, `sha256=${wanted}`);
  const bare = request.get('X-Gitea-Signature') ?? request.get('X-Forgejo-Signature');
  if (bare !== undefined) return same(bare, wanted);
  return same(request.get('X-Gitlab-Token') ?? '', secret);
}

/** In a time that does not tell how much of it was right. */
function same(given: string, wanted: string): boolean {
  const [a, b] = [given, wanted].map((text) => createHmac('sha256', 'compare').update(text).digest());
  return timingSafeEqual(a as Buffer, b as Buffer);
}
