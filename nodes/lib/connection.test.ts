import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import seqeraConfig from '../seqera-config/seqera-config.ts';
import { FakeRed, FakeStore } from '../testing/fake-red.ts';
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
    const connection = await connectionFor(red.api, 'seqera-default');
    expect(connection).toMatchObject({ baseUrl: peer.url, workspaceId: '70001', managed: true });
    await connection?.client.request({ path: '/user-info' });
    expect(peer.calls[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(evil.calls).toEqual([]);
  });

  it.each(['', undefined, 'gone', 'seqera-default'])('is there for %j also when its node was deleted', async (id) => {
    expect((await connectionFor(appliance('https://api.example.org').api, id))?.id).toBe('seqera-default');
  });

  it('does not stand in for one that is disabled', async () => {
    const red = appliance('https://api.example.org');
    red.disabled.push({ id: 'off', d: true, name: 'production' });
    await expect(connectionFor(red.api, 'off')).rejects.toMatchObject({
      code: 'SEQERA_NO_CONNECTION',
      message: expect.stringMatching(/"production" is disabled/),
    });
    expect((await connectionFor(red.api, 'gone'))?.id).toBe('seqera-default');
  });

  it('lends its token to a connection that was imported without one, for the same address and no other', async () => {
    const peer = await listen();
    const red = appliance(peer.url);
    red.create('seqera-config', { id: 'imported', baseUrl: `${peer.url}/`, workspaceId: '70002' });
    red.create('seqera-config', { id: 'elsewhere', baseUrl: 'https://evil.example', workspaceId: '70002' });
    const connection = await connectionFor(red.api, 'imported');
    expect(connection).toMatchObject({ id: 'imported', workspaceId: '70002', managed: false });
    await connection?.client.request({ path: '/user-info' });
    expect(peer.calls[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    await expect(connectionFor(red.api, 'elsewhere')).rejects.toMatchObject({ code: 'SEQERA_NO_CONNECTION' });
  });

  it('gives its token to its own host only', async () => {
    const connection = await connectionFor(appliance('https://example.org/api').api, '');
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

  it('shares the limit of calls with every other connection of the same token and host', async () => {
    const peer = await listen();
    const one = (workspaceId: string) => ({ name: 'n', baseUrl: peer.url, workspaceId, token: () => TOKEN });
    const red = new FakeRed({
      settings: {
        seqeraClient: { callsPerSecond: 3 },
        seqera: { defaultId: 'seqera-a', connections: { 'seqera-a': one('1'), 'seqera-b': one('2') } },
      },
    }).load(seqeraConfig);
    red.create('seqera-config', { id: 'own', baseUrl: `${peer.url}/api` }, { token: TOKEN });
    const stop = new AbortController();
    const asked = ['seqera-a', 'seqera-b', 'own'].map(async (id) => {
      const client = (await connectionFor(red.api, id))?.client;
      const call = () => client?.request({ path: '/user-info', signal: stop.signal }).catch(() => undefined);
      await Promise.all([call(), call(), call()]);
    });
    while (peer.calls.length < 3) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(peer.calls).toHaveLength(3);
    stop.abort();
    await Promise.all(asked);
  });

  it('prints nothing of the token', async () => {
    const connection = await connectionFor(appliance('https://api.example.org').api, '');
    expect(inspect(connection, { depth: 20, showHidden: true })).not.toContain(TOKEN);
  });
});

describe('a connection that a user made', () => {
  it('shares one client among nodes with the same address and token', async () => {
    const red = new FakeRed().load(seqeraConfig);
    for (const id of ['a', 'b'])
      red.create('seqera-config', { id, baseUrl: 'https://api.example.org/' }, { token: 'one' });
    red.create('seqera-config', { id: 'c', baseUrl: 'https://api.example.org' }, { token: 'two' });
    const connections = ['a', 'b', 'c'].map((id) => connectionFor(red.api, id));
    const [a, b, c] = (await Promise.all(connections)).map((connection) => connection?.client.http);
    expect(a).toBe(b);
    expect(c).not.toBe(a);
  });

  it('says that it has no token', async () => {
    const red = new FakeRed().load(seqeraConfig);
    red.create('seqera-config', { id: 'a', name: 'mine', baseUrl: '' });
    await expect(connectionFor(red.api, 'a')).rejects.toThrow(/"mine" has no token/);
  });

  it('is null when there is none', async () => {
    expect(await connectionFor(new FakeRed().api, 'x')).toBeNull();
  });

  describe('holds its token to the host that it was entered for', () => {
    const deploy = (store: FakeStore, baseUrl: string, token: string): FakeRed => {
      const red = new FakeRed({ store }).load(seqeraConfig);
      red.create('seqera-config', { id: 'a', name: 'mine', baseUrl }, { token });
      return red;
    };

    it('also when a deploy or a restart comes with another address', async () => {
      const home = await listen();
      const evil = await listen();
      const store = new FakeStore();
      await (await connectionFor(deploy(store, home.url, TOKEN).api, 'a'))?.client.request({ path: '/user-info' });
      const moved = deploy(store, evil.url, TOKEN);
      for (let i = 0; i < 2; i += 1) {
        await expect(connectionFor(moved.api, 'a')).rejects.toMatchObject({
          code: 'SEQERA_INVALID_INPUT',
          message: expect.stringMatching(/Make a new connection/),
        });
      }
      expect(evil.calls).toEqual([]);
      // Back where it belongs, on another path of the host, it works as before.
      const back = await connectionFor(deploy(store, `${home.url}/api/`, TOKEN).api, 'a');
      await back?.client.request({ path: '/user-info' });
      expect(home.calls).toHaveLength(2);
      expect(JSON.stringify([...store.scope('a')])).not.toContain(TOKEN);
    });

    it('and lets another token go to another host', async () => {
      const store = new FakeStore();
      await connectionFor(deploy(store, 'https://api.example.org', TOKEN).api, 'a');
      const next = await connectionFor(deploy(store, 'https://api.example.com', 'another').api, 'a');
      expect(next?.baseUrl).toBe('https://api.example.com');
      const old = deploy(store, 'https://api.example.org', 'another');
      await expect(connectionFor(old.api, 'a')).rejects.toThrow(/api\.example\.com/);
    });

    it('and uses no token whose host cannot be looked up', async () => {
      const store = new FakeStore();
      store.failWith = new Error('EROFS');
      const red = deploy(store, 'https://api.example.org', TOKEN);
      await expect(connectionFor(red.api, 'a')).rejects.toMatchObject({ code: 'SEQERA_STORE_FAILED' });
      store.failWith = undefined;
      expect(await connectionFor(red.api, 'a')).not.toBeNull();
    });
  });
});
