import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { choose, chosen, LANGUAGES, rich, speak, speech, t, word } from './language.ts';
import { english, type Text } from './text-en.ts';

const here = import.meta.dirname;
const sources = readdirSync(here)
  .filter((file) => /\.tsx?$/.test(file) && !/\.test\.|^text-/.test(file))
  .map((file) => ({
    file,
    source: readFileSync(join(here, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''),
  }));

const forms = (text: Text): string[] => (typeof text === 'string' ? [text] : [text.one, text.other]);
const places = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).sort();

/** Text that is in no catalogue: between tags, on a line of its own, in what is read out, and what reads like a sentence. */
function loose(source: string): string[] {
  const code = source.replace(/\{[^{}\n]*\}/g, '{}');
  return [
    ...[...code.matchAll(/(?<!=)>([^<>{}()=;]*\p{L}{2,}[^<>{}()=;]*)<\//gu)].map(([, text = '']) => text.trim()),
    ...[...code.matchAll(/^\s+((?:\p{L}[\p{L}',.]* )+\p{L}+[.:…]?|\p{Lu}\p{L}+)$/gmu)].map(([, text = '']) => text),
    ...[...source.matchAll(/\b(?:aria-label|title|placeholder|alt)="([^"]+)"/g)].map(([, text = '']) => text),
    ...[...source.matchAll(/'((?:[A-Z]\p{L}+|\p{L}{3,}) \p{L}[^'\n]* [^'\n]*)'/gu)].map(([, text = '']) => text),
  ];
}

describe('the texts of the page', () => {
  it.each(Object.keys(LANGUAGES))('are whole in %s: none empty, the same to fill in', (language) => {
    const texts = LANGUAGES[language]?.texts ?? {};
    expect(Object.keys(texts).sort()).toEqual(Object.keys(english).sort());
    for (const [key, text] of Object.entries(english)) {
      const other = (texts as Record<string, Text>)[key] ?? '';
      expect(forms(other).length, key).toBe(forms(text).length);
      for (const [index, form] of forms(other).entries()) {
        expect(form.trim(), key).not.toBe('');
        expect(places(form), key).toEqual(places(forms(text)[index] ?? ''));
      }
      // What is said in words is not left in English.
      if (
        language !== 'en' &&
        forms(text)[0]
          ?.replace(/\{\w+\}/g, '')
          .match(/\p{L}{2,} \p{L}{2,}/u)
      )
        expect(other, key).not.toEqual(text);
    }
  });

  it('are all used, and no other is asked for', () => {
    const all = sources.map(({ source }) => source).join('\n');
    const asked = [...all.matchAll(/'((?:[a-z]\w*)\.(?:[a-z]\w*))'/gi)].map(([, key = '']) => key);
    const made = ['in', ...['connecting', 'live', 'polling', 'lost'].map((state) => `connection.${state}`)];
    const keys = Object.keys(english).filter((key) => !key.startsWith('word.'));
    expect(keys.filter((key) => !asked.includes(key) && !made.includes(key))).toEqual([]);
    const groups = new Set(keys.map((key) => key.split('.')[0]));
    expect(asked.filter((key) => groups.has(key.split('.')[0] ?? '') && !Object.hasOwn(english, key))).toEqual([]);
  });

  it.each(sources)('has no text of its own in $file', ({ source }) => {
    // Its own name is the same everywhere.
    expect(loose(source).filter((text) => text !== 'Redstart')).toEqual([]);
  });

  it('would be missed', () => {
    expect(loose('<h2>Failures</h2>')).toEqual(['Failures']);
    expect(loose('<label>\n  Search the runs\n  <input placeholder="a name" />')).toEqual([
      'Search the runs',
      'a name',
    ]);
    expect(loose("return fault ?? 'The editor does not answer.';")).toEqual(['The editor does not answer.']);
  });
});

describe('which language', () => {
  it('is what the address says, else what was chosen, else what the browser says first and the page has', () => {
    expect(chosen('?lang=de', 'en', ['en-US'])).toEqual({ language: 'de', locale: 'de' });
    expect(chosen('', 'de', ['en-GB', 'de-CH'])).toEqual({ language: 'de', locale: 'de-CH' });
    expect(chosen('', null, ['fr-FR', 'de-AT', 'en'])).toEqual({ language: 'de', locale: 'de-AT' });
    expect(chosen('', null, ['EN-gb'])).toEqual({ language: 'en', locale: 'EN-gb' });
    expect(chosen('', null, ['fr', 'ja'])).toEqual({ language: 'en', locale: 'en' });
  });

  it('is none that somebody makes up', () => {
    for (const made of ['__proto__', 'constructor', 'xx', '"><script>', 'de"', ''])
      expect(chosen(`?lang=${encodeURIComponent(made)}`, made, [made])).toEqual({ language: 'en', locale: 'en' });
    expect(chosen('', null, ['de-!!'])).toEqual({ language: 'de', locale: 'de' });
  });
});

describe('a page that speaks', () => {
  afterEach(() => vi.unstubAllGlobals());
  const page = (search: string, languages: string[]) => {
    const document = { documentElement: { lang: 'en' }, title: '' };
    const kept = new Map<string, string>();
    const href = `https://a.example/status${search}`;
    const addresses: string[] = [];
    vi.stubGlobal('document', document);
    vi.stubGlobal('location', { search, href });
    vi.stubGlobal('history', { replaceState: (_: null, __: string, address: URL) => addresses.push(address.search) });
    vi.stubGlobal('navigator', { languages });
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    });
    return { document, kept, addresses };
  };

  it('says which language it is in, writes numbers and words in it, and keeps what was chosen', () => {
    const { document, kept } = page('', ['de-DE']);
    speak();
    expect(document.documentElement.lang).toBe('de');
    expect(t('runs.count', { n: 1 })).toBe('1 Run');
    expect(t('runs.count', { n: 12345 })).toBe('12.345 Runs');
    expect([word('held back'), word('some-state')]).toEqual(['zurückgehalten', 'some-state']);
    expect(rich('polls.last', { at: 'A', what: 3 })).toEqual(['letzte ', 'A', ': ', '3', '']);
    choose('en');
    expect(document.documentElement.lang).toBe('en');
    expect(t('runs.count', { n: 12345 })).toBe('12,345 runs');
    expect([...kept.values()]).toEqual(['en']);
    speak();
    expect(speech.language).toBe('en');
  });

  it('changes what the address asks for, so that it stays when the page is loaded again', () => {
    const { addresses } = page('?lang=de', ['en-US']);
    speak();
    expect(speech.language).toBe('de');
    choose('en');
    expect([speech.language, ...addresses]).toEqual(['en', '?lang=en']);
  });

  it('fills in what it is given, whatever is in it', () => {
    page('', ['en']);
    speak();
    expect(t('runs.openOn', { name: '{name} $& <b>' })).toBe('open {name} $& <b> on the Platform');
  });
});
