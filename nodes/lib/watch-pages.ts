interface Placed {
  page: number | 'apart' | undefined;
}

/**
 * Which pages of the list to read for what is due, and what to ask for by itself: a page that would show only one of
 * them costs as much as asking for that one. What was never seen is looked for on the first page.
 */
export function pagesToRead<E extends Placed>(due: readonly E[]): { pages: number[]; single: Set<E> } {
  const single = new Set<E>();
  const byPage = new Map<number, E[]>();
  for (const entry of due) {
    if (entry.page === 'apart') {
      single.add(entry);
      continue;
    }
    const page = entry.page ?? 0;
    const others = byPage.get(page);
    if (others) others.push(entry);
    else byPage.set(page, [entry]);
  }
  const pages: number[] = [];
  for (const [page, entries] of byPage) {
    if (entries.length > 1) pages.push(page);
    else for (const entry of entries) single.add(entry);
  }
  return { pages: pages.sort((a, b) => a - b), single };
}
