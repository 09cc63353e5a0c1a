import { Component } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { moment } from './format.ts';
import { t, word } from './language.ts';
import { type Filter, isEnded, NO_FILTER, type Row, rowsOf, type State, statusOf } from './state.ts';

/** Rows that are made at once; more are made when they are asked for. */
const STEP = 100;

const COLUMNS = ['runs.run', 'runs.pipeline', 'runs.status', 'runs.since', 'runs.flow', 'runs.platform'] as const;

interface RunsProps {
  state: State;
  open(row: Row): void;
}

export function Runs({ state, open }: RunsProps) {
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [shown, setShown] = useState(STEP);
  const rows = useMemo(() => rowsOf(state, filter), [state.runs, state.report.ended, filter]);
  const change = (part: Partial<Filter>): void => {
    setFilter({ ...filter, ...part });
    setShown(STEP);
  };
  const statuses = useMemo(
    () => [...new Set(rowsOf(state, { ...NO_FILTER, show: filter.show }).map(statusOf))].sort(),
    [state.runs, state.report.ended, filter.show],
  );
  const visible = rows.slice(0, shown);
  return (
    <section id="runs" aria-labelledby="runs-title">
      <h2 id="runs-title">{t('runs.title')}</h2>
      <search class="filters">
        <label>
          {t('runs.search')}
          <input
            id="search"
            type="search"
            placeholder={t('runs.searchHint')}
            value={filter.text}
            onInput={(event) => change({ text: event.currentTarget.value })}
          />
        </label>
        <label>
          {t('runs.show')}
          <select
            value={filter.show}
            onChange={(event) => change({ show: event.currentTarget.value as Filter['show'], status: '' })}
          >
            <option value="following">{t('runs.following')}</option>
            <option value="ended">{t('runs.ended')}</option>
            <option value="all">{t('runs.both')}</option>
          </select>
        </label>
        <label>
          {t('runs.status')}
          <select value={filter.status} onChange={(event) => change({ status: event.currentTarget.value })}>
            <option value="">{t('runs.any')}</option>
            {statuses.map((status) => (
              <option key={status} value={status}>
                {word(status)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t('runs.flow')}
          <select value={filter.flow} onChange={(event) => change({ flow: event.currentTarget.value })}>
            <option value="">{t('runs.any')}</option>
            {state.report.flows.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <output class="count">{t('runs.count', { n: rows.length })}</output>
      </search>
      {rows.length === 0 ? (
        <p class="empty">{t(isPlain(filter) ? 'runs.none' : 'runs.noMatch')}</p>
      ) : (
        // biome-ignore lint/a11y/useSemanticElements: a table element of a thousand rows is laid out anew with each change
        <div class="rows" role="table" aria-label={t('runs.title')} aria-rowcount={rows.length + 1}>
          {/* biome-ignore lint/a11y/useSemanticElements: see the table */}
          {/* biome-ignore lint/a11y/useFocusableInteractive: a row of a table, not of a grid */}
          <div class="row head" role="row">
            {COLUMNS.map((name) => (
              // biome-ignore lint/a11y/useSemanticElements: see the table
              // biome-ignore lint/a11y/useFocusableInteractive: see the row
              <span key={name} role="columnheader">
                {t(name)}
              </span>
            ))}
          </div>
          {visible.map((row, index) => (
            <RunRow key={`${row.key}${isEnded(row) ? row.endedAt : ''}`} row={row} index={index + 2} open={open} />
          ))}
        </div>
      )}
      {rows.length > visible.length && (
        <button type="button" class="more" onClick={() => setShown((before) => before + STEP)}>
          {t('runs.more', {
            some: Math.min(STEP, rows.length - visible.length),
            rest: rows.length - visible.length,
          })}
        </button>
      )}
    </section>
  );
}

interface RunRowProps {
  row: Row;
  index: number;
  open(row: Row): void;
}

/** Made anew only when the run is another object, which it is when it changed. */
class RunRow extends Component<RunRowProps> {
  override shouldComponentUpdate({ row, index }: RunRowProps): boolean {
    return row !== this.props.row || index !== this.props.index;
  }

  override render({ row, index, open }: RunRowProps) {
    const status = statusOf(row);
    const when = isEnded(row) ? row.endedAt : row.since;
    return (
      // biome-ignore lint/a11y/useSemanticElements: see the table
      // biome-ignore lint/a11y/useFocusableInteractive: see the row
      <div class="row" role="row" aria-rowindex={index}>
        <Cell part="name">
          <button type="button" class="link" onClick={() => open(row)}>
            {row.name ?? row.id}
          </button>
          {row.kind !== 'run' && <small> {word(row.kind)}</small>}
        </Cell>
        <Cell part="pipeline">{row.pipeline ?? '–'}</Cell>
        <Cell part="state">
          <span class={`status ${classOf(status)}`}>{word(status)}</span>
          {isEnded(row) && row.reason && <small class="reason"> {row.reason}</small>}
        </Cell>
        <Cell part="since">
          <time dateTime={when}>{moment(when)}</time>
        </Cell>
        <Cell part="flow">{row.flowLabel ?? '–'}</Cell>
        <Cell part="platform">
          {row.page ? (
            <a
              href={row.page}
              target="_blank"
              rel="noopener noreferrer"
              aria-label={t('runs.openOn', { name: row.name ?? row.id })}
            >
              {t('runs.open')}
            </a>
          ) : (
            '–'
          )}
        </Cell>
      </div>
    );
  }
}

function Cell({ part, children }: { part: string; children?: preact.ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see the table
    <span role="cell" class={part}>
      {children}
    </span>
  );
}

const isPlain = (filter: Filter): boolean =>
  Object.entries(NO_FILTER).every(([name, value]) => filter[name as keyof Filter] === value);

/** Colour is not the only sign: the word is there. */
export function classOf(status: string): string {
  if (/^(?:succeeded|stopped|good|running|ready)$/.test(status)) return status === 'running' ? 'running' : 'succeeded';
  if (/^(?:failed|errored|aborted|refused|held back)$/.test(status)) return 'failed';
  if (/^(?:cancelled|disabled)$/.test(status)) return 'cancelled';
  return /^(?:lost|unknown|unreachable|not running)$/.test(status) ? 'lost' : 'waiting';
}
