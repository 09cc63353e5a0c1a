import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { compilePattern } from './pattern.ts';

async function matches(pattern: string, ...texts: string[]): Promise<boolean[]> {
  const compiled = await compilePattern(pattern);
  try {
    return await compiled.test(texts);
  } finally {
    compiled.close();
  }
}

/** The longest pause of the event loop while it works, in milliseconds. */
async function longestPause(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await work();
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.disable();
  return delay.max / 1e6;
}

describe('a pattern', () => {
  it('finds what a regular expression of JavaScript finds', async () => {
    expect(await matches('\\.fastq\\.gz$', 'runs/a.fastq.gz', 'runs/a.fastq', 'a.fastq.gz.md5')).toEqual([
      true,
      false,
      false,
    ]);
    expect(await matches('^runs/\\d{4}-', 'runs/2026-05/x', 'old/runs/2026-05')).toEqual([true, false]);
    expect(await matches('Ünï "q" \\u0061\\/b', 'x Ünï "q" a/b', 'Uni')).toEqual([true, false]);
    expect(await matches('(?<run>A\\d+)_\\k<run>', 'A1_A1', 'A1_A2')).toEqual([true, false]);
  });

  it('looks ahead and behind, which many flows do', async () => {
    expect(await matches('^(?!.*\\.tmp$)reads/', 'reads/a.gz', 'reads/a.tmp')).toEqual([true, false]);
    expect(await matches('(?<!_R2)\\.fq$', 'a_R1.fq', 'a_R2.fq')).toEqual([true, false]);
  });

  it('that does not compile is invalid input, in words', async () => {
    for (const bad of ['(', '[a-', '*x', 'a{2,1}', '(?<n']) {
      await expect(compilePattern(bad)).rejects.toMatchObject({ code: 'SEQERA_INVALID_INPUT' });
    }
    await expect(compilePattern('(')).rejects.toThrow(/no regular expression/);
    await expect(compilePattern('a'.repeat(3000))).rejects.toMatchObject({ code: 'SEQERA_INVALID_INPUT' });
  });

  it('takes time in proportion to the text, however it is written', async () => {
    const long = `${'a'.repeat(2_000)}!`;
    const pause = await longestPause(async () => {
      expect(await matches('^(a+)+$', long)).toEqual([false]);
      expect(await matches('(x+x+)+y', 'x'.repeat(2_000))).toEqual([false]);
    });
    expect(pause).toBeLessThan(500);
  });

  it('that JavaScript alone knows and that never ends is given up, and the event loop goes on', async () => {
    const pause = await longestPause(async () => {
      const endless = matches('^(?=(a+)+$)a+$', `${'a'.repeat(40)}!`);
      await expect(endless).rejects.toMatchObject({ code: 'SEQERA_INVALID_INPUT', message: /too long/ });
    });
    expect(pause).toBeLessThan(500);
  });
});
