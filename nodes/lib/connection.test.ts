import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import seqeraConfig from '../seqera-config/seqera-config.ts';
import { FakeRed } from '../testing/fake-red.ts';
import { HttpPeer, json } from '../testing/http-peer.ts';
import { connectionFor } from './connection.ts';

const TOKEN = 'planted-5f2c9e71d04b4a6c8f1e3a7b9d20c4e6';
const peers: HttpPeer[] = [];
const listen = async (): Promise<HttpPeer> => {
  const peer = await HttpPeer.listen((_, response) => json(response, {}));
  peers.push(peer);
  return peer;
};
afterEach(async () => {
  for (const peer of peers.splice(0)) await peer[Symbol.asyncDispose]();
});

const appliance = (baseUrl: string, token = () => TOKEN): FakeRed =>
  new FakeRed({
    settings: {
      seqera: {
        defaultId: 'seqera-default',
        connections: { 'seqera-default': { name: 'default', baseUrl, workspaceId: '70001', token } },
      },
    },
  }).load(seqeraConfig);

describe('a connection of the environment', () => {
  it('takes endpoint and token from the environment alone, whatever a flow says under its id', async () => {
    const peer = await listen();
    const evil = await listen();
    const red = appliance(peer.url);
    red.create('seqera-config', { id: 'seqera-default', baseUrl: evil.url, workspaceId: '666' }, { token: 'other' });
    const connection = connectionFor(red.api, 'seqera-default');
    expect(connection).toMatchObject({ baseUrl: peer.url, workspaceId: '70001', managed: true });
    await connection?.client.request({ path: '/user-info' });
    expect(peer.calls[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(evil.calls).toEqual([]);
  });

  it.each(['', undefined, 'gone', 'seqera-default'])('is there for %j also when its node was deleted', async (id) => {
    expect(connectionFor(appliance('https://api.example.org').api, id)?.id).toBe('seqera-default');
  });

  it('gives its token to its own host only', async () => {
    const connection = connectionFor(appliance('https://example.org/api').api, '');
    expect(connection?.at('https://example.org/other/').baseUrl).toBe('https://example.org/other');
    for (const other of [
      'https://evil.example',
      'http://example.org/api',
      'https://example.org:8443',
      'https://example.org@evil.example',
      'file:///x',
    ]) {
      expect(() => connection?.at(other)).toThrow(expect.objectContaining({ code: 'SEQERA_INVALID_INPUT' }));
    }
  });

  it('prints nothing of the token', () => {
    expect(
      inspect(connectionFor(appliance('https://api.example.org').api, ''), { depth: 20, showHidden: true }),
    ).not.toContain(TOKEN);
  });
});

describe('a connection that a user made', () => {
  it('shares one client among nodes with the same address and token', () => {
    const red = new FakeRed().load(seqeraConfig);
    for (const id of ['a', 'b'])
      red.create('seqera-config', { id, baseUrl: 'https://api.example.org/' }, { token: 'one' });
    red.create('seqera-config', { id: 'c', baseUrl: 'https://api.example.org' }, { token: 'two' });
    const [a, b, c] = ['a', 'b', 'c'].map((id) => connectionFor(red.api, id)?.client.http);
    expect(a).toBe(b);
    expect(c).not.toBe(a);
  });

  it('says that it has no token', () => {
    const red = new FakeRed().load(seqeraConfig);
    red.create('seqera-config', { id: 'a', name: 'mine', baseUrl: '' });
    expect(() => connectionFor(red.api, 'a')).toThrow(/"mine" has no token/);
  });

  it('is null when there is none', () => {
    expect(connectionFor(new FakeRed().api, 'x')).toBeNull();
  });
});
