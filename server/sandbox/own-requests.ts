import { AsyncLocalStorage } from 'node:async_hooks';

const own = new AsyncLocalStorage<true>();

/**
 * For connections of the program itself to addresses that no variable names: other replicas, the endpoints that an
 * identity provider tells. They keep to nothing but the ban on metadata services and link-local addresses.
 */
export const ownRequests = {
  run: <Result>(work: () => Result): Result => own.run(true, work),
  running: (): boolean => own.getStore() === true,
};
