import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from '../auth/refusal.ts';
import { type EventLoopLag, LAG_LIMIT_MS } from './event-loop-lag.ts';
import { NOT_READY, NOTICES, type Notice, type NotReady, STANDBY } from './not-ready.ts';

export interface Health {
  ready(): { ok: boolean; reasons: readonly NotReady[]; standby?: boolean; notices?: readonly Notice[] };
}

export type Handler = (req: IncomingMessage, res: ServerResponse) => void;

function send(req: IncomingMessage, res: ServerResponse, status: number, type: string, text: string): void {
  res.statusCode = status;
  res.setHeader('Content-Type', `${type}; charset=utf-8`);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.setHeader('Cache-Control', 'no-store');
  res.end(req.method === 'HEAD' ? undefined : text);
}

/** GET and HEAD only; anything else learns what is allowed. */
function readOnly(handler: Handler): Handler {
  return (req, res) => {
    if (req.method === 'GET' || req.method === 'HEAD') handler(req, res);
    else refuse(req, res, { status: 405, headers: { Allow: 'GET, HEAD' } });
  };
}

export const landing: Handler = readOnly((req, res) =>
  send(req, res, 200, 'text/plain', 'Redstart: automation for Seqera Platform\n'),
);

/** Browsers ask for it on their own for pages that name no icon, such as the editor's debug window; there is none to give. */
export const favicon: Handler = readOnly((_req, res) => {
  res.writeHead(204).end();
});

/** 200 while the loop turns. Says nothing of the flows: a flow that fails is no reason to kill the process. */
export function healthz(lag: EventLoopLag): Handler {
  return readOnly((req, res) => {
    const alive = lag.current() < LAG_LIMIT_MS;
    send(req, res, alive ? 200 : 503, 'text/plain', alive ? 'ok\n' : 'the event loop is stalled\n');
  });
}

export function readyz(health: Health, stopping: () => boolean): Handler {
  return readOnly((req, res) => {
    let state: ReturnType<Health['ready']>;
    if (stopping()) state = { ok: false, reasons: ['stopping'] };
    else {
      try {
        state = health.ready();
      } catch {
        state = { ok: false, reasons: ['check_failed'] };
      }
    }
    const reasons = [
      ...state.reasons.map((code) => ({ code, message: NOT_READY[code] })),
      // Ready all the same: it takes requests and passes them on, and a roll-out must not wait for it to lead.
      ...(state.standby ? [STANDBY] : []),
    ];
    const notices = (state.notices ?? []).map((code) => ({ code, message: NOTICES[code] }));
    const body = JSON.stringify({ ready: state.ok, reasons, ...(notices.length > 0 && { notices }) });
    send(req, res, state.ok ? 200 : 503, 'application/json', `${body}\n`);
  });
}
