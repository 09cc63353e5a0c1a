import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { compare } from 'bcryptjs';
import { describe, expect, it } from 'vitest';
import { hashPassword } from './hash-password.ts';

function ports(terminal = false) {
  const input = Object.assign(new PassThrough(), {
    isTTY: terminal,
    raw: [] as boolean[],
    setRawMode: (raw: boolean) => input.raw.push(raw),
  });
  return { input, output: new PassThrough(), prompt: new PassThrough() };
}

async function piped(content: string): Promise<string> {
  const all = ports();
  all.input.end(content);
  await hashPassword(all);
  all.output.end();
  return text(all.output);
}

async function typed(...lines: string[]): Promise<{ hash: string; shown: string; raw: boolean[] }> {
  const all = ports(true);
  const done = hashPassword(all);
  for (const line of lines) all.input.write(line);
  try {
    await done;
  } finally {
    all.output.end();
    all.prompt.end();
  }
  return { hash: await text(all.output), shown: await text(all.prompt), raw: all.input.raw };
}

describe('hash-password', () => {
  it.each(['correct horse', 'correct horse\n', 'correct horse\r\n'])('hashes what is piped: %j', async (content) => {
    const hash = await piped(content);
    expect(hash).toMatch(/^\$2b\$12\$[./A-Za-z0-9]{53}\n$/);
    expect(await compare('correct horse', hash.trim())).toBe(true);
  });

  it.each([
    ['', 'is empty'],
    ['short', 'shorter than 8'],
    ['changeme', 'everybody tries first'],
    ['correct horse\nbattery\n', 'control character'],
    ['x'.repeat(5000), 'too long'],
  ])('refuses %j', async (content, words) => {
    await expect(piped(content)).rejects.toMatchObject({
      code: 'PASSWORD_REFUSED',
      exitCode: 1,
      message: expect.stringContaining(words),
    });
  });

  it('shows nothing of what is typed, and asks twice', async () => {
    const { hash, shown, raw } = await typed('correct horsX', '\u007fe', '\r', 'correct horse\r');
    expect(await compare('correct horse', hash.trim())).toBe(true);
    expect(shown).toBe('Password: \nOnce more: \n');
    expect(raw).toEqual([true, false, true, false]);
  });

  it('takes both when they are pasted at once', async () => {
    const { hash } = await typed('correct horse\rcorrect horse\r');
    expect(await compare('correct horse', hash.trim())).toBe(true);
  });

  it('refuses two that differ, and stops on Ctrl-C with the terminal put right', async () => {
    await expect(typed('correct horse\r', 'correct house\r')).rejects.toMatchObject({
      message: 'the two passwords differ',
    });
    await expect(typed('corr\u0003')).rejects.toMatchObject({ message: 'interrupted', exitCode: 130 });
  });
});
