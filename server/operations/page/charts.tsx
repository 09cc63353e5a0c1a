import { hourOfDay } from './format.ts';
import { speech, t } from './language.ts';

interface Series {
  name: string;
  /** Also its class, for its colour. */
  key: string;
}

interface BarsProps {
  title: string;
  series: readonly Series[];
  hours: readonly ({ hour: string } & Record<string, number | string>)[];
}

const WIDTH = 24;
const HEIGHT = 96;

/** Stacked bars by hour, and the same as a table for who does not see them. */
export function Bars({ title, series, hours }: BarsProps) {
  const countOf = (hour: (typeof hours)[number], key: string): number => Number(hour[key] ?? 0);
  const totals = hours.map((hour) => series.reduce((sum, { key }) => sum + countOf(hour, key), 0));
  const highest = Math.max(...totals);
  const most = Math.max(1, highest);
  const sums = series.map(({ name, key }) => ({
    name,
    key,
    sum: hours.reduce((all, hour) => all + countOf(hour, key), 0),
  }));
  const summary = sums.map(({ name, sum }) => t('chart.part', { count: sum, name })).join(', ');
  return (
    <figure class="chart">
      <figcaption>
        {title}
        <span class="legend">
          {sums.map(({ name, key, sum }) => (
            <span key={key}>
              <i class={`swatch ${key}`} aria-hidden="true" />
              {t('chart.part', { count: sum, name })}
            </span>
          ))}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${hours.length * WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t('chart.label', { title, summary, most: highest })}
      >
        {hours.map((hour, index) => {
          let top = HEIGHT;
          return (
            <g key={hour.hour}>
              <rect class="slot" x={index * WIDTH + 1} y={0} width={WIDTH - 2} height={HEIGHT} />
              {series.map(({ key }) => {
                const height = (countOf(hour, key) / most) * HEIGHT;
                top -= height;
                return height === 0 ? null : (
                  <rect key={key} class={key} x={index * WIDTH + 2} y={top} width={WIDTH - 4} height={height} />
                );
              })}
              <title>
                {hourOfDay(hour.hour)}:{' '}
                {series.map(({ name, key }) => t('chart.part', { count: countOf(hour, key), name })).join(', ')}
              </title>
            </g>
          );
        })}
      </svg>
      <div class="axis" aria-hidden="true">
        <span>{hourOfDay(hours[0]?.hour ?? '')}</span>
        <span>{t('chart.most', { most: highest })}</span>
        <span>{t('chart.now')}</span>
      </div>
      <details>
        <summary>{t('chart.table')}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('chart.hour')}</th>
              {series.map(({ name, key }) => (
                <th key={key} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {hours
              .filter((_, index) => totals[index])
              .map((hour) => (
                <tr key={hour.hour}>
                  <th scope="row">{hourOfDay(hour.hour)}</th>
                  {series.map(({ key }) => (
                    <td key={key}>{speech.number.format(countOf(hour, key))}</td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

interface SparklineProps {
  title: string;
  values: readonly number[];
  format(value: number): string;
}

export function Sparkline({ title, values, format }: SparklineProps) {
  const most = Math.max(...values, 1e-9);
  const last = values.at(-1) ?? 0;
  // One alone is a line too.
  const drawn = values.length === 1 ? [last, last] : values;
  const step = 100 / Math.max(1, drawn.length - 1);
  const points = drawn.map((value, index) => `${(index * step).toFixed(2)},${(29 - (value / most) * 28).toFixed(2)}`);
  const label = t('spark.label', { title, now: format(last), most: format(most) });
  return (
    <figure class="sparkline">
      <figcaption>
        {title} <strong>{format(last)}</strong>
        <small>{t('spark.most', { most: format(most) })}</small>
      </figcaption>
      <svg viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={label}>
        <polyline points={points.join(' ')} />
      </svg>
    </figure>
  );
}
