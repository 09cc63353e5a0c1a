import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunDetail } from '../status-schema.ts';
import { milliseconds, moment } from './format.ts';
import { t, word } from './language.ts';
import { classOf } from './runs.tsx';
import { token } from './session.ts';
import { isEnded, type Row, statusOf } from './state.ts';

const DID = { launched: 'run.launched', followed: 'run.followed', cancelled: 'run.cancelled' } as const;

/** What is known of one run. Asked for when it is opened, and when the run has changed. */
export function RunDialog({ row, close }: { row: Row; close(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [detail, setDetail] = useState<RunDetail | null>(null);
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    const stop = new AbortController();
    fetch(`status/runs?${new URLSearchParams({ key: row.key })}`, {
      headers: { authorization: `Bearer ${token()}` },
      signal: stop.signal,
    })
      .then(async (answer) => answer.ok && setDetail((await answer.json()) as RunDetail))
      .catch(() => undefined);
    return () => stop.abort();
  }, [row]);
  const status = statusOf(row);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="run-title">
      <header>
        <h2 id="run-title">{row.name ?? row.id}</h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          {t('run.close')}
        </button>
      </header>
      <dl>
        <dt>{t('runs.status')}</dt>
        <dd>
          <span class={`status ${classOf(status)}`}>{word(status)}</span>
        </dd>
        {isEnded(row) && row.reason && (
          <>
            <dt>{t('run.reason')}</dt>
            <dd>{row.reason}</dd>
          </>
        )}
        <dt>{t('run.id')}</dt>
        <dd>
          <code>{row.id}</code>
          {row.workspaceId && <> {t('run.inWorkspace', { id: row.workspaceId })}</>}
        </dd>
        <dt>{t('runs.pipeline')}</dt>
        <dd>{row.pipeline ?? '–'}</dd>
        <dt>{t('runs.flow')}</dt>
        <dd>{row.flowLabel ?? '–'}</dd>
        {row.page && (
          <>
            <dt>{t('runs.platform')}</dt>
            <dd>
              <a href={row.page} target="_blank" rel="noopener noreferrer">
                {row.page}
              </a>
            </dd>
          </>
        )}
      </dl>
      {detail && (
        <>
          <h3>{t('run.events')}</h3>
          <ol class="events">
            {detail.events.map((event) => (
              <li key={event.at + event.what}>
                <time dateTime={event.at}>{moment(event.at)}</time> {word(event.what)} <small>{event.nodeLabel}</small>
              </li>
            ))}
          </ol>
          <h3>{t('run.path')}</h3>
          <ol class="path">
            {detail.path.map(({ node, nodeLabel, nodeType, flowLabel, did }) => (
              <li key={node}>
                {did ? <strong>{nodeLabel}</strong> : nodeLabel}{' '}
                <small>
                  {flowLabel ? t('run.in', { node: nodeType, flow: flowLabel }) : nodeType}
                  {did && ` · ${t(DID[did])}`}
                </small>
              </li>
            ))}
          </ol>
          <h3>{t('run.calls')}</h3>
          {detail.calls.length === 0 ? (
            <p class="empty">{t('run.noCalls')}</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th scope="col">{t('run.when')}</th>
                  <th scope="col">{t('run.call')}</th>
                  <th scope="col">{t('run.answer')}</th>
                  <th scope="col">{t('run.took')}</th>
                  <th scope="col">{t('run.waited')}</th>
                </tr>
              </thead>
              <tbody>
                {detail.calls.map((call) => (
                  <tr key={`${call.at} ${call.attempt}`}>
                    <td>{moment(call.at)}</td>
                    <td>
                      {call.method} {call.endpoint}
                      {call.attempt > 1 && <small> {t('run.attempt', { n: call.attempt })}</small>}
                    </td>
                    <td>{call.answer}</td>
                    <td>{milliseconds(call.durationMs)}</td>
                    <td>{milliseconds(call.waitedMs)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </>
      )}
    </dialog>
  );
}
