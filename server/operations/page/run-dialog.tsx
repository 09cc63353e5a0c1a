import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunDetail } from '../status-schema.ts';
import { milliseconds, moment } from './format.ts';
import { classOf } from './runs.tsx';
import { token } from './session.ts';
import { isEnded, type Row, statusOf } from './state.ts';

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
          Close
        </button>
      </header>
      <dl>
        <dt>Status</dt>
        <dd>
          <span class={`status ${classOf(status)}`}>{status}</span>
        </dd>
        {isEnded(row) && row.reason && (
          <>
            <dt>Reason</dt>
            <dd>{row.reason}</dd>
          </>
        )}
        <dt>Id</dt>
        <dd>
          <code>{row.id}</code>
          {row.workspaceId && <> in workspace {row.workspaceId}</>}
        </dd>
        <dt>Pipeline</dt>
        <dd>{row.pipeline ?? '–'}</dd>
        <dt>Flow</dt>
        <dd>{row.flowLabel ?? '–'}</dd>
        {row.page && (
          <>
            <dt>Platform</dt>
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
          <h3>Events</h3>
          <ol class="events">
            {detail.events.map((event) => (
              <li key={event.at + event.what}>
                <time dateTime={event.at}>{moment(event.at)}</time> {event.what} <small>{event.nodeLabel}</small>
              </li>
            ))}
          </ol>
          <h3>Nodes that had to do with it</h3>
          <ol class="path">
            {detail.path.map(({ node, nodeLabel, nodeType, flowLabel }) => (
              <li key={node}>
                {nodeLabel} <small>{[nodeType, flowLabel].filter(Boolean).join(', in ')}</small>
              </li>
            ))}
          </ol>
          <h3>Calls about it alone</h3>
          {detail.calls.length === 0 ? (
            <p class="empty">None. Checks are of many runs at once.</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Call</th>
                  <th scope="col">Answer</th>
                  <th scope="col">Took</th>
                  <th scope="col">Waited</th>
                </tr>
              </thead>
              <tbody>
                {detail.calls.map((call) => (
                  <tr key={`${call.at} ${call.attempt}`}>
                    <td>{moment(call.at)}</td>
                    <td>
                      {call.method} {call.endpoint}
                      {call.attempt > 1 && <small> try {call.attempt}</small>}
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
