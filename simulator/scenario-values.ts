import { z } from 'zod';

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds as a number, or a number with a unit (`500ms`, `2s`, `10m`, `1h`, `1d`), or `forever`. */
export type Duration = number | string;

function toMilliseconds(value: Duration): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (value === 'forever') return Number.POSITIVE_INFINITY;
  const parts = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(value.trim());
  return parts ? Number(parts[1]) * (UNITS[parts[2] ?? ''] ?? 1) : undefined;
}

export const duration = z
  .union([z.number(), z.string()], { error: 'expected a duration' })
  .transform((value, context) => {
    const milliseconds = toMilliseconds(value);
    if (milliseconds !== undefined) return milliseconds;
    context.addIssue({
      code: 'custom',
      message: 'expected a duration such as 500ms, 2s, 10m, 1h, forever or milliseconds',
    });
    return z.NEVER;
  });

export const regularExpression = z.string().transform((source, context) => {
  try {
    return new RegExp(source);
  } catch (error) {
    context.addIssue({ code: 'custom', message: `not a regular expression: ${(error as Error).message}` });
    return z.NEVER;
  }
});
