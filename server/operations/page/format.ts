const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
const HALF_DAY_MS = 12 * 3_600_000;

export function moment(iso: string): string {
  const date = new Date(iso);
  return Math.abs(Date.now() - date.getTime()) < HALF_DAY_MS ? TIME.format(date) : DAY.format(date);
}

export const hourOfDay = (iso: string): string => `${String(new Date(iso).getHours()).padStart(2, '0')}:00`;

export function milliseconds(value: number | null): string {
  if (value === null) return '–';
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

export function bytes(value: number | null): string {
  if (value === null) return 'elsewhere';
  const units = ['B', 'kB', 'MB', 'GB'];
  let size = value;
  while (size >= 1000 && units.length > 1) {
    size /= 1000;
    units.shift();
  }
  return `${size < 10 && units[0] !== 'B' ? size.toFixed(1) : Math.round(size)} ${units[0]}`;
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
