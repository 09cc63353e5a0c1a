import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyFiles } from '../../server/audit/verify-trail.ts';
import { Appliance } from '../support/appliance.ts';
import { attempted, isRefused } from '../support/attempts.ts';
import { EditorSession, withEditor } from '../support/editor.ts';
import { node, tab } from '../support/flows.ts';
import { suiteFolder } from '../support/folder.ts';

// Whoever wants to be missing in the audit trail, or have somebody else in it.
describe('the audit trail', () => {
  const folder = suiteFolder();
  const file = join(folder, 'data', 'audit', 'audit.jsonl');
  const copy = join(folder, 'copy.jsonl');
  let text: string;
  let head: string;
  let lines: string[];

  beforeAll(async () => {
    await using appliance = await Appliance.start({
      folder,
      flows: { 'main.json': tab([node('comment')]) },
      env: { ...withEditor, REDSTART_SIMULATOR: 'true' },
    });
    const sign = (username: unknown, headers: Record<string, string> = {}): Promise<Response> =>
      appliance.fetch('/editor/auth/token', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ client_id: 'node-red-editor', grant_type: 'password', username, password: 'x' }),
      });
    // Names that would be lines, or something else, of a log.
    const forged = '{"seq":99,"time":"2026-01-01T00:00:00.000Z","event":"sign-in","user":"admin","prev":"0"}';
    for (const name of [
      `a\n${forged}`,
      `a\r\n${forged}\r\n`,
      'a\u2028b',
      '\u001b[2Kadmin',
      `"},${forged}`,
      '\u202enimda',
      'a\0b',
    ])
      await sign(name, { 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6' });
    await sign('n'.repeat(10_000));
    await appliance.fetch(`/editor/flows`, { headers: { authorization: `Bearer ${forged}` } });
    await appliance.fetch(`/editor/${'x'.repeat(8000)}`, { headers: { authorization: 'Bearer x' } });
    const editor = await EditorSession.signIn(appliance);
    expect(
      (await editor.call('POST', '/flows', [...(await editor.flows()), ...tab([node('comment')], 'more', 'More\n')]))
        .status,
    ).toBe(204);
    // A flood, to push what matters out.
    await Promise.all(
      Array.from({ length: 400 }, (_, n) =>
        appliance.fetch(`/editor/flows/${n}`, { headers: { authorization: `Bearer flood${n}` } }),
      ),
    );
    expect(await appliance.stop()).toBe(0);
    text = readFileSync(file, 'utf8');
    lines = text.trimEnd().split('\n');
    head = createHash('sha256')
      .update(lines.at(-1) ?? '')
      .digest('hex');
  });

  const verify = async (changed: string, withHead = false) => {
    writeFileSync(copy, changed);
    return verifyFiles([copy], ...(withHead ? [head] : []));
  };

  it('is whole, has the address of who called and one line for each event, whatever they called themselves', async () => {
    expect((await verify(text, true)).faults).toEqual([]);
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const signIns = events.filter(({ event }) => event === 'sign-in');
    expect(isRefused('audit trail', signIns.length === 1)).toBe(true);
    const refusals = events.filter(({ event }) => event === 'refused');
    for (const { address, user } of refusals) {
      const printable = typeof user !== 'string' || (user.length <= 64 && !/\p{Cc}/u.test(user));
      expect([user, isRefused('audit trail', address === '127.0.0.1' && printable)]).toEqual([user, true]);
    }
    expect(text).not.toContain('6.6.6.6');
    // What matters is there, and of the flood a number.
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['config', 'start', 'deploy', 'refused-more', 'stop']),
    );
    expect(isRefused('audit trail', refusals.length <= 80)).toBe(true);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(10_000);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(readdirSync(join(folder, 'data', 'audit'))).toEqual(['audit.jsonl']);
  });

  it('shows each change of a line, each line that is gone, added, moved or doubled', async () => {
    const rehashed = (from: number, changed: string[]): string[] => {
      // As somebody would who knows how it is made, up to a line that they cannot change.
      let prev = createHash('sha256')
        .update(changed[from] ?? '')
        .digest('hex');
      return changed.map((line, index) => {
        if (index !== from + 1) return line;
        const next = line.replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${prev}"`);
        prev = createHash('sha256').update(next).digest('hex');
        return next;
      });
    };
    const hidden: string[] = [];
    const check = async (what: string, changed: string[]): Promise<void> => {
      const { faults } = await verify(`${changed.join('\n')}\n`);
      if (!isRefused('audit trail', faults.length > 0)) hidden.push(what);
    };
    const last = lines.length - 1;
    for (let index = 0; index < last; index += 1) {
      const line = lines[index] ?? '';
      const replaced = (by: string) => lines.map((each, at) => (at === index ? by : each));
      const at = Math.floor((line.length * (index + 1)) / (lines.length + 1));
      await check(
        `a byte of line ${index + 1}`,
        replaced(`${line.slice(0, at)}${line[at] === 'x' ? 'y' : 'x'}${line.slice(at + 1)}`),
      );
      await check(`another user in line ${index + 1}`, replaced(line.replace('"event"', '"user":"somebody","event"')));
      await check(`a space in line ${index + 1}`, replaced(`${line} `));
      await check(`line ${index + 1} twice`, lines.toSpliced(index, 0, line));
      await check(`line ${index + 1} swapped`, lines.toSpliced(index, 2, lines[index + 1] ?? '', line));
      if (index > 0) await check(`line ${index + 1} gone`, lines.toSpliced(index, 1));
      await check(`an empty line after ${index + 1}`, lines.toSpliced(index + 1, 0, ''));
      if (index + 1 < last)
        await check(
          `line ${index + 1} changed and the next one made to fit`,
          rehashed(index, replaced(line.replace('"time"', '"user":"x","time"'))),
        );
    }
    expect(hidden).toEqual([]);
  });

  it('shows, to whoever kept a head, that its end was cut off or all of it written anew', async () => {
    for (const cut of [1, 2, 5, lines.length - 1]) {
      const { faults } = await verify(`${lines.slice(0, -cut).join('\n')}\n`, true);
      expect([cut, isRefused('audit trail', faults.length > 0)]).toEqual([cut, true]);
    }
    let prev = '';
    const anew = lines.map((line, index) => {
      const next =
        index === 0
          ? line.replace('"event"', '"user":"x","event"')
          : line.replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${prev}"`);
      prev = createHash('sha256').update(next).digest('hex');
      return next;
    });
    expect(isRefused('audit trail', (await verify(`${anew.join('\n')}\n`, true)).faults.length > 0)).toBe(true);
    // Without one it cannot be told, as docs/audit.md says.
    expect((await verify(`${anew.join('\n')}\n`)).faults).toEqual([]);
    attempted('audit trail', 'open');
  });
});
