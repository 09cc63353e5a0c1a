import { SeqeraError } from './errors.ts';
import type { PlainObject } from './typed-input.ts';

/**
 * Rows of a CSV or TSV: objects by column when it has a header, else lists. Cells stay text, since what looks like a
 * number can be a sample's name. @throws SEQERA_BAD_ANSWER
 */
export async function parseTable(
  text: string,
  { tabs, header, what }: { tabs: boolean; header: boolean; what: string },
): Promise<(PlainObject | string[])[]> {
  // Loaded with the first table: most flows never parse one.
  const { parse } = await import('csv-parse/sync');
  let rows: string[][];
  try {
    rows = parse(text, {
      delimiter: tabs ? '\t' : ',',
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      // In a file with tabs quotes are letters like others.
      ...(tabs ? { quote: null } : {}),
    });
  } catch (error) {
    throw new SeqeraError('SEQERA_BAD_ANSWER', `${what} is no table: ${(error as Error).message}`);
  }
  const [names, ...body] = rows;
  if (!header || !names) return rows;
  return body.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? ''])));
}
