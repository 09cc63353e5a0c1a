import { speech, t } from './language.ts';

const HALF_DAY_MS = 12 * 3_600_000;

export function moment(iso: string): string {
  const date = new Date(iso);
  return (Math.abs(Date.now() - date.getTime()) < HALF_DAY_MS ? speech.time : speech.day).format(date);
}

export function hourOfDay(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? '' : speech.hour.format(date);
}

export function milliseconds(value: number | null): string {
  if (value === null) return '–';
  return value < 1000 ? `${speech.number.format(Math.round(value))} ms` : `${speech.number.format(value / 1000)} s`;
}

export function bytes(value: number | null): string {
  if (value === null) return t('process.elsewhere');
  const units = ['B', 'kB', 'MB', 'GB'];
  let size = value;
  while (size >= 1000 && units.length > 1) {
    size /= 1000;
    units.shift();
  }
  return `${speech.number.format(size < 10 && units[0] !== 'B' ? size : Math.round(size))} ${units[0]}`;
}
