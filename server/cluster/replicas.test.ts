import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { postgresPrograms, startPostgres } from '../../test/support/postgres.ts';
import { Secret } from '../config/index.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import { Replicas } from './replicas.ts';

const replicas = (shards: number, database = 'postgres://127.0.0.1:1/none'): Replicas =>
  new Replicas({
    config: { database: new Secret(database), url: null, leaseMs: 5000, shards },
    logger: pino({ level: 'silent' }),
    onLost: () => {},
  });

describe('one of several replicas', () => {
  it('shows tabs that others run as disabled, and gives them back as they are in the files', () => {
    const one = replicas(2);
    const nodes = [
      { id: 'a', type: 'tab', label: 'A' },
      { id: 'b', type: 'tab', label: 'B', disabled: false },
      { id: 'c', type: 'tab', label: 'C', disabled: true },
      { id: 'n', type: 'inject', z: 'a' },
    ] as FlowNode[];
    const shown = one.share(nodes);
    expect(shown.map(({ disabled }) => disabled)).toEqual([true, true, true, undefined]);
    expect(one.unshare(shown)).toEqual(nodes);
    const edited = shown.map((node) => ({ ...node, ...(node.id === 'a' && { label: 'Z' }) }));
    expect(one.unshare([...edited, { id: 'new', type: 'tab', disabled: true }])).toEqual([
      { id: 'a', type: 'tab', label: 'Z' },
      ...nodes.slice(1),
      { id: 'new', type: 'tab', disabled: true },
    ]);
  });

  it.skipIf(!postgresPrograms())('has what it passed on answered while it stops', async () => {
    await using postgres = await startPostgres();
    const arrived = Promise.withResolvers<ServerResponse>();
    const start = async (): Promise<{ one: Replicas; url: string; close(): Promise<void> }> => {
      const one = replicas(1, postgres.url);
      await one.open();
      const caller = () => ({ address: '203.0.113.7', secure: false, host: 'flows.example.org' });
      const server = createServer((req, res) => {
        const wanted = { area: 'flows', path: '/x', method: 'GET' } as const;
        if (!one.arrive(req, res, wanted, caller)) arrived.resolve(res);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      await one.join({ port, secure: false, host: '127.0.0.1', fingerprint: () => null }, async () => {});
      const close = async (): Promise<void> => {
        one.close();
        await one.store.close();
        server.closeAllConnections();
        server.close();
      };
      return { one, url: `http://127.0.0.1:${port}`, close };
    };
    const leader = await start();
    const standby = await start();
    expect([leader.one.standby, standby.one.standby]).toEqual([false, true]);
    const asked = fetch(standby.url);
    const answer = await arrived.promise;
    await standby.one.leave();
    answer.end('done');
    expect(await (await asked).text()).toBe('done');
    await leader.one.leave();
    await standby.close();
    await leader.close();
  });

  it('refuses what was meant for another replica, instead of passing it on once more', async () => {
    const one = replicas(1);
    const passedOn = () => {
      throw new Error('it is passed on');
    };
    const server = createServer((req, res) => {
      if (!one.arrive(req, res, { area: 'flows', path: '/x', method: 'GET' }, passedOn)) res.end('taken');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const headers = { 'x-redstart-replica': 'of another', 'x-redstart-caller': 'e30' };
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { headers });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    server.closeAllConnections();
    server.close();
  });
});
