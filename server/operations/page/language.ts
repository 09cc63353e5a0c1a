import type { ComponentChildren } from 'preact';
import { german } from './text-de.ts';
import { english, type Text, type TextKey, type Texts } from './text-en.ts';

interface Language {
  /** As its speakers call it. */
  name: string;
  texts: Texts;
}

/** A language is added with a file of texts and a line here. */
export const LANGUAGES: Readonly<Record<string, Language>> = {
  en: { name: 'English', texts: english },
  de: { name: 'Deutsch', texts: german },
};

const KEY = 'redstart-language';

/**
 * Which language, and how its speaker writes numbers and times: what the address asks for, else what was chosen here before,
 * else the first of the browser's that there is.
 */
export function chosen(
  search: string,
  kept: string | null,
  wanted: readonly string[],
): { language: string; locale: string } {
  const known = (tag: string | null): string | null => {
    const language = tag?.toLowerCase().split('-')[0] ?? '';
    return Object.hasOwn(LANGUAGES, language) ? language : null;
  };
  const own = (language: string): string => wanted.find((tag) => known(tag) === language && isLocale(tag)) ?? language;
  for (const tag of [new URLSearchParams(search).get('lang'), kept, ...wanted]) {
    const language = known(tag);
    if (language !== null) return { language, locale: own(language) };
  }
  return { language: 'en', locale: 'en' };
}

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

interface Now {
  language: string;
  texts: Texts;
  number: Intl.NumberFormat;
  plural: Intl.PluralRules;
  time: Intl.DateTimeFormat;
  day: Intl.DateTimeFormat;
  hour: Intl.DateTimeFormat;
  percent: Intl.NumberFormat;
}

function nowIn({ language, locale }: { language: string; locale: string }): Now {
  const clock = { hour: '2-digit', minute: '2-digit' } as const;
  return {
    language,
    texts: LANGUAGES[language]?.texts ?? english,
    number: new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }),
    plural: new Intl.PluralRules(language),
    time: new Intl.DateTimeFormat(locale, { ...clock, second: '2-digit' }),
    day: new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', ...clock }),
    hour: new Intl.DateTimeFormat(locale, clock),
    percent: new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }),
  };
}

/** What is in force: one language for the whole page. */
export let speech: Now = nowIn({ language: 'en', locale: 'en' });

const changed = new Set<() => void>();

/** Begins to speak, and says so to the browser: what reads the page aloud chooses its voice by it. */
export function speak(): void {
  speech = nowIn(chosen(location.search, kept(), navigator.languages));
  document.documentElement.lang = speech.language;
  document.title = t('page.title');
}

export function choose(language: string): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // A browser that keeps nothing: it holds until the page is loaded again.
  }
  const address = new URL(location.href);
  if (address.searchParams.has('lang')) {
    address.searchParams.set('lang', language);
    history.replaceState(null, '', address);
  }
  speech = nowIn(chosen(`?lang=${language}`, null, navigator.languages));
  document.documentElement.lang = speech.language;
  document.title = t('page.title');
  for (const tell of changed) tell();
}

/** @returns how to stop hearing of it */
export function onLanguage(tell: () => void): () => void {
  changed.add(tell);
  return () => changed.delete(tell);
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

const PLACE = /\{(\w+)\}/;

function template(key: TextKey, n: unknown): string {
  const text: Text = speech.texts[key];
  if (typeof text === 'string') return text;
  return speech.plural.select(Number(n)) === 'one' ? text.one : text.other;
}

const written = (value: string | number): string => (typeof value === 'number' ? speech.number.format(value) : value);

/** A text of the catalogue. */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return template(key, values.n).replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name];
    return value === undefined ? place : written(value);
  });
}

/** The same with elements in it, wherever the language wants them. */
export function rich(key: TextKey, values: Readonly<Record<string, ComponentChildren>>): ComponentChildren[] {
  return template(key, values.n)
    .split(PLACE)
    .map((part, index) => {
      if (index % 2 === 0) return part;
      const value = values[part];
      return typeof value === 'number' ? written(value) : value;
    });
}

/** A word of the report, such as a status; one that is not known as it came. */
export function word(text: string): string {
  const key = `word.${text}`;
  return Object.hasOwn(speech.texts, key) ? t(key as TextKey) : text;
}
