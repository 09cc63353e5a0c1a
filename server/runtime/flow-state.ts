import express, { type Request, type RequestHandler, type Response } from 'express';
import type { Logger } from 'pino';
import type { Audit } from '../audit/audit-event.ts';
import { addressOf } from '../auth/client-address.ts';
import { identityOf } from '../auth/index.ts';

export type FlowStateName = 'start' | 'stop';

export interface FlowState {
  /** What Node-RED is to do with the flows when they are deployed. */
  current(): FlowStateName;
  /** `POST /flows/state`. Node-RED's own would want the right to change flows, which an operator has not. */
  readonly route: RequestHandler;
}

export interface FlowStateOptions {
  /** Node-RED's `runtime.flows.setState`. */
  readonly setState: (options: { state: FlowStateName; req: Request; user: object }) => Promise<unknown>;
  readonly audit: Audit;
  readonly logger: Logger;
}

const MAX_BYTES = 1024;
const parsers = [express.json({ limit: MAX_BYTES }), express.urlencoded({ limit: MAX_BYTES, extended: false })];

/**
 * Starting and stopping the flows. Node-RED would write a stop down, and a program that is started again, on another
 * machine perhaps, would sit there with flows that do not run: here a stop lasts until somebody starts the flows, or
 * the program. Who wants it to last does not run the program.
 */
export function createFlowState({ setState, audit, logger }: FlowStateOptions): FlowState {
  let current: FlowStateName = 'start';

  const change = async (req: Request, res: Response): Promise<void> => {
    const body: unknown = req.body;
    const state = typeof body === 'object' && body !== null && 'state' in body ? body.state : undefined;
    if (state !== 'start' && state !== 'stop') {
      res.status(400).json({ code: 'invalid_run_state', message: 'state is start or stop' });
      return;
    }
    const user = identityOf(req)?.user ?? 'unknown';
    const address = addressOf(req);
    const before = current;
    current = state;
    try {
      await setState({ state, req, user: { username: user } });
    } catch (error) {
      current = before;
      logger.error({ err: error, state }, 'the flows cannot be started or stopped');
      res.status(500).json({ code: 'unexpected_error', message: (error as Error).message });
      return;
    }
    audit.record({ event: state === 'start' ? 'flows-start' : 'flows-stop', user, address });
    if (state === 'stop')
      logger.warn(
        { event: 'flows.stop', user, address },
        `${user} stopped the flows: nothing runs until they are started`,
      );
    else logger.info({ event: 'flows.start', user, address }, `${user} started the flows`);
    res.json({ state });
  };

  return {
    current: () => current,
    route(req, res, next) {
      if (req.method !== 'POST' || !/^\/flows\/state\/?$/i.test(req.path)) {
        next();
        return;
      }
      const step = (index: number): void => {
        const parser = parsers[index];
        if (parser === undefined) void change(req, res);
        else
          parser(req, res, (error?: unknown) => {
            if (error === undefined) step(index + 1);
            else next(error);
          });
      };
      step(0);
    },
  };
}
