import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { networkKey } from '../auth/network-key.ts';

/** An eighth of all: one address alone cannot take the others' places. Load balancers keep fewer. */
export const MAX_PER_ADDRESS = 512;

/**
 * Connections that one address may hold; more are closed as they come. A proxy that is trusted stands for many, and is not
 * counted. Neither are those of a unix socket.
 */
export function capConnections(server: Server, isProxy: (address: string) => boolean, max = MAX_PER_ADDRESS): void {
  const held = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress;
    if (address === undefined || isProxy(address)) return;
    const key = networkKey(address);
    const count = (held.get(key) ?? 0) + 1;
    if (count > max) {
      socket.destroy();
      return;
    }
    held.set(key, count);
    socket.once('close', () => {
      const left = (held.get(key) ?? 1) - 1;
      if (left === 0) held.delete(key);
      else held.set(key, left);
    });
  });
}
