export interface SearchTerms<K extends string> {
  /** What is no keyword; undefined when there is nothing else. */
  free: string | undefined;
  keywords: { keyword: K; value: string }[];
}

/** `provider:aws reads` is a keyword and a word. A name in double quotes stays in them; an unknown keyword is a word. */
export function searchTerms<K extends string>(search: string | undefined, known: readonly K[]): SearchTerms<K> {
  const keywords: { keyword: K; value: string }[] = [];
  const words: string[] = [];
  for (const [term] of (search ?? '').matchAll(/(?:[^\s"]+:)?"[^"]*"|\S+/g)) {
    const colon = term.indexOf(':');
    const name = term.slice(0, Math.max(colon, 0)).toLowerCase();
    const keyword = known.find((one) => one.toLowerCase() === name);
    if (keyword) keywords.push({ keyword, value: term.slice(colon + 1).replace(/^"|"$/g, '') });
    else words.push(term);
  }
  return { free: words.length > 0 ? words.join(' ') : undefined, keywords };
}
