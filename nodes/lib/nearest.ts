/** The names nearest to what was written, best first: other case, a part of it, a few letters off. */
export function nearest(wanted: string, names: readonly string[], most = 3): string[] {
  const low = wanted.toLowerCase();
  const rank = (name: string): number => {
    const other = name.toLowerCase();
    if (other === low) return 0;
    const distance = editDistance(low.slice(0, 100), other.slice(0, 100));
    if (distance <= Math.max(1, Math.floor(low.length / 3))) return distance;
    return other.includes(low) || (other.length > 2 && low.includes(other))
      ? 50 + distance / 1000
      : Number.POSITIVE_INFINITY;
  };
  return [...new Set(names)]
    .map((name) => ({ name, rank: rank(name) }))
    .filter((each) => each.rank < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.rank - b.rank || a.name.localeCompare(b.name))
    .slice(0, most)
    .map(({ name }) => name);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** For the end of an error message: ` Did you mean "a" or "b"?`, or nothing. */
export function didYouMean(wanted: string, names: readonly string[]): string {
  const near = nearest(wanted, names);
  return near.length > 0 ? ` Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?` : '';
}
