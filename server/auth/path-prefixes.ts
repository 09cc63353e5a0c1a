/** Tells whether a path is under one of the prefixes, by exact letters and on the borders of segments. `/` is everything. */
export function underAny(prefixes: readonly string[]): (path: string) => boolean {
  if (prefixes.includes('/')) return () => true;
  const beginnings = prefixes.map((prefix) => `${prefix}/`);
  return (path) => prefixes.includes(path) || beginnings.some((beginning) => path.startsWith(beginning));
}
