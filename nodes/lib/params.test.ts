import { describe, expect, it } from 'vitest';
import { mergeParams } from './params.ts';

describe('mergeParams', () => {
  it('leaves a text alone that nothing is laid over', async () => {
    expect(await mergeParams('# mine\na: 1\n', {}, {})).toBe('# mine\na: 1\n');
    expect(await mergeParams(null, {})).toBeUndefined();
  });

  it.each(['{"a":1,"b":[1,2],"c":{"d":1}}', 'a: 1\nb: [1, 2]\nc:\n  d: 1\n'])(
    'lays over JSON and YAML alike, the later winning',
    async (text) => {
      expect(JSON.parse(String(await mergeParams(text, { a: 2, e: 1 }, { e: null })))).toEqual({
        a: 2,
        b: [1, 2],
        c: { d: 1 },
        e: null,
      });
    },
  );

  it.each(['just words', '- a\n- b', 'a: [1', '{"a":'])('never drops %j', async (text) => {
    await expect(mergeParams(text, { a: 1 })).rejects.toMatchObject({ code: 'SEQERA_INVALID_INPUT' });
  });

  it('refuses what JSON has no form for', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    for (const bad of [{ circle }, { big: 1n }]) {
      await expect(mergeParams('', bad)).rejects.toMatchObject({ code: 'SEQERA_INVALID_INPUT' });
    }
  });

  it('reads the truth values of YAML as Nextflow does', async () => {
    const merged = await mergeParams('a: no\nb: On\nc: n\nd: "yes"\ne: 2026-01-02\nf: true\n', { g: 1 });
    expect(JSON.parse(String(merged))).toEqual({ a: false, b: true, c: 'n', d: 'yes', e: '2026-01-02', f: true, g: 1 });
  });
});
