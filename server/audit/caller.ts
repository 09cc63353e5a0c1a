import { AsyncLocalStorage } from 'node:async_hooks';
import type { NextFunction, Request, Response } from 'express';

/** Who a piece of work is done for. */
export interface Caller {
  user?: string;
  address?: string;
}

const callers = new AsyncLocalStorage<Caller>();

/** The caller that this runs for; empty when it runs for nobody. */
export const currentCaller = (): Caller => callers.getStore() ?? {};

/** What runs within, however long it takes, is done for this caller. What is not given stays as it is. */
export const asCaller = <T>(caller: Caller, work: () => T): T => callers.run({ ...currentCaller(), ...caller }, work);

/** Express middleware: what the request sets off is done for its address, as far as trusted proxies tell it. */
export function rememberAddress(addressOf: (request: Request) => string) {
  return (request: Request, _response: Response, next: NextFunction): void =>
    asCaller({ address: addressOf(request) }, next);
}
