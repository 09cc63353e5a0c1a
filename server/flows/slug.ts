/** Names that mean something to Windows or to other tools, without their ending. */
const RESERVED =
  /^(?:con|prn|aux|nul|com\d|lpt\d|globals|package|package-lock|tsconfig|jsconfig|composer|renovate|biome)$/;

/** A file name that is the same on every file system: lower case ASCII letters, digits and dashes. */
export function slug(title: string): string {
  const ascii = title
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '');
  if (ascii === '') return 'flow';
  return RESERVED.test(ascii) ? `${ascii}-flow` : ascii;
}
