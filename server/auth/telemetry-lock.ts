import express, { type RequestHandler } from 'express';

/** What an editor keeps of a user's choices is small; the rest of the admin API reads up to 5 MB. */
const MAX_BYTES = 1024 * 1024;

const json = express.json({ limit: MAX_BYTES });

/**
 * Part of Node-RED's `httpAdminMiddleware`. The editor sends all preferences together when its settings are closed, the
 * one on telemetry among them. Node-RED refuses to change that one (see `telemetryEnabled` in settings/), and with it
 * the whole request: no preference would ever be kept. So it is taken out, and the lock stays for who sends it otherwise.
 */
export const telemetryLock: RequestHandler = (req, res, next) => {
  if (req.method !== 'POST' || !/^\/settings\/user\/?$/i.test(req.path)) {
    next();
    return;
  }
  json(req, res, (error?: unknown) => {
    const body: unknown = req.body;
    if (typeof body === 'object' && body !== null && 'telemetryEnabled' in body) delete body.telemetryEnabled;
    next(error);
  });
};
