import { describe, expect, it } from 'vitest';
import { fakeConfig } from '../../server/http/testing/fake-config.ts';
import { attempted } from '../support/attempts.ts';
import { signInServer } from '../support/sign-in-server.ts';

const PROXIED = { server: { trustProxy: ['loopback'] } };

interface Guess {
  user: string;
  address: string;
  password?: string;
}

/** Sends guesses and counts the answers. */
async function guess(editor: string, guesses: Iterable<Guess>): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { user, address, password = 'wrong' } of guesses) {
    const answer = await fetch(new URL('auth/token', editor), {
      method: 'POST',
      headers: { 'x-forwarded-for': address, 'x-forwarded-proto': 'https' },
      body: new URLSearchParams({ client_id: 'node-red-editor', grant_type: 'password', username: user, password }),
    });
    await answer.body?.cancel();
    counts[answer.status] = (counts[answer.status] ?? 0) + 1;
  }
  return counts;
}
/** Of what was guessed, what was looked at is what the limits allow: only the rest is refused. */
const count = (name: string, counts: Record<number, number>): Record<number, number> => {
  const tried = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const looked = counts[403] ?? 0;
  attempted(`guessing: ${name}`, 'refused', tried - looked);
  attempted(`guessing: ${name}`, 'open', looked);
  return counts;
};
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const network = (i: number): string => `198.18.${i >> 8}.${i & 255}`;

describe('guessing at passwords', () => {
  it('by one address at one name gets five guesses, then waits', async () => {
    await using server = await signInServer(null, PROXIED);
    const ada = (address: string, password?: string): Guess => ({
      user: 'ada',
      address,
      ...(password && { password }),
    });
    const [here, elsewhere] = ['203.0.113.1', '203.0.113.9'];
    const first = await guess(server.editor, [...times(6, () => ada(here)), ada(here, 'correct horse')]);
    // Not even the right password is looked at there, and it is at once from elsewhere.
    expect(first).toEqual({ 403: 5, 429: 2 });
    expect(await guess(server.editor, [ada(elsewhere, 'correct horse')])).toEqual({ 200: 1 });
    const counts = count(
      'one address, one name',
      await guess(
        server.editor,
        times(500, () => ada(here)),
      ),
    );
    // One more after 2 s, one after 4 s, …: as many as the time that this takes allows.
    expect(counts[403] ?? 0).toBeLessThanOrEqual(5);
  });

  it('by one address at many names gets twenty', async () => {
    await using server = await signInServer(null, PROXIED);
    const counts = await guess(
      server.editor,
      times(500, (i) => ({ user: `user${i}`, address: '203.0.113.1' })),
    );
    expect(count('one address, many names', counts)[403]).toBeGreaterThanOrEqual(20);
    expect(counts[403]).toBeLessThanOrEqual(25);
  });

  it('by a whole IPv6 network counts as one address', async () => {
    await using server = await signInServer(null, PROXIED);
    const counts = await guess(
      server.editor,
      times(300, (i) => ({ user: 'ada', address: `2001:db8:0:${i.toString(16).slice(-2)}::${i}` })),
    );
    expect(count('one IPv6 network', counts)[403]).toBeLessThanOrEqual(9);
  });

  it('by many addresses at once gets one guess each, and never keeps the administrator out', async () => {
    await using server = await signInServer(null, PROXIED);
    const right = (address: string): Guess => ({ user: 'ada', address, password: 'correct horse' });
    const home = '192.0.2.1';
    expect(await guess(server.editor, [right(home)])).toEqual({ 200: 1 });
    const botnet = function* (): Iterable<Guess> {
      for (let round = 0; round < 5; round += 1)
        for (let i = 0; i < 400; i += 1) yield { user: i % 2 ? 'ada' : `user${round}`, address: network(i) };
    };
    const counts = count('many addresses', await guess(server.editor, botnet()));
    // The hundred that began it had a second try before it was noticed, at most.
    expect(counts[403]).toBeLessThanOrEqual(600);
    expect(counts[403]).toBeGreaterThanOrEqual(400);
    // From where they signed in before, with mistakes; and from a new place at the first attempt.
    expect(
      await guess(server.editor, [{ user: 'ada', address: home }, { user: 'ada', address: home }, right(home)]),
    ).toEqual({ 403: 2, 200: 1 });
    expect(await guess(server.editor, [right('203.0.113.77')])).toEqual({ 200: 1 });
  });

  it('learns nothing from the answers: unknown names and wrong passwords are alike in every byte', async () => {
    await using server = await signInServer(null, PROXIED);
    const answer = async (user: string, address: string): Promise<unknown> => {
      const reply = await fetch(new URL('auth/token', server.editor), {
        method: 'POST',
        headers: { 'x-forwarded-for': address, 'x-forwarded-proto': 'https' },
        body: new URLSearchParams({
          client_id: 'node-red-editor',
          grant_type: 'password',
          username: user,
          password: 'x',
        }),
      });
      const headers = Object.fromEntries([...reply.headers].filter(([name]) => name !== 'date'));
      return { status: reply.status, headers, body: await reply.text() };
    };
    expect(fakeConfig().auth?.admin?.username).toBe('ada');
    for (let i = 0; i < 8; i += 1)
      expect(await answer('nobody', '203.0.113.2')).toEqual(await answer('ada', '203.0.113.1'));
  });
});
