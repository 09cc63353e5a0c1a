import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { Secret } from '../config/index.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import { Replicas } from './replicas.ts';

const replicas = (shards: number): Replicas =>
  new Replicas({
    config: { database: new Secret('postgres://127.0.0.1:1/none'), url: null, leaseMs: 5000, shards },
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
