import type { ComponentChildren } from 'preact';
import type { ConnectionEntry, StatusReport } from '../status-schema.ts';
import { Sparkline } from './charts.tsx';
import { bytes, milliseconds, moment, plural } from './format.ts';
import { classOf } from './runs.tsx';

function Section({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  );
}

const When = ({ at }: { at: string }) => <time dateTime={at}>{moment(at)}</time>;

const Status = ({ is }: { is: string }) => <span class={`status ${classOf(is)}`}>{is}</span>;

function Connection({ connection }: { connection: ConnectionEntry }) {
  const { name, platform, workspaceId, token, calls } = connection;
  const used = Math.round(calls.budgetUsed * 100);
  return (
    <li class="card">
      <h3>
        {name} <Status is={token.state} />
      </h3>
      <p>
        {platform}
        {workspaceId && `, workspace ${workspaceId}`}
        <br />
        {token.user && `${token.user}, ${token.role ?? 'no role'}`}
        {token.reason && <span class="fault">{token.reason}</span>}
      </p>
      <label>
        Budget of calls used: {used} %
        <meter min={0} max={100} high={80} value={Math.min(100, used)}>
          {used} %
        </meter>
      </label>
      <p>
        {plural(calls.lastMinute, 'call')} in the last minute, half of them within {milliseconds(calls.medianMs)}, 95 %
        within {milliseconds(calls.p95Ms)}; {plural(calls.errorsLastHour, 'error')} and{' '}
        {plural(calls.retriesLastHour, 'retry', 'retries')} in the last hour
      </p>
      {calls.lastError && (
        <p class="fault">
          <When at={calls.lastError.at} /> {calls.lastError.endpoint}: {calls.lastError.error}
        </p>
      )}
    </li>
  );
}

export function Connections({ connections }: Pick<StatusReport, 'connections'>) {
  return (
    <Section id="connections" title="Connections">
      {connections.length === 0 && <p class="empty">There is none.</p>}
      <ul class="cards">
        {connections.map((connection) => (
          <Connection key={connection.id} connection={connection} />
        ))}
      </ul>
    </Section>
  );
}

export function Failures({ failures }: Pick<StatusReport, 'failures'>) {
  return (
    <Section id="failures" title="Failures">
      {failures.length === 0 && <p class="empty">None that is known.</p>}
      <ul class="lines">
        {failures.slice(0, 25).map(({ at, kind, title, reason, page, flowLabel, key }) => (
          <li key={at + title + key}>
            <When at={at} /> <span class="status failed">{kind}</span>{' '}
            {page ? (
              <a href={page} target="_blank" rel="noopener noreferrer">
                {title}
              </a>
            ) : (
              <strong>{title}</strong>
            )}{' '}
            {flowLabel && <small>in {flowLabel}</small>}
            {reason && <p>{reason}</p>}
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Flows({ flows, git }: Pick<StatusReport, 'flows' | 'git'>) {
  return (
    <Section id="flows" title="Flows">
      {git && (
        <p>
          {git.url}, {git.ref}: <code>{git.revision?.slice(0, 10) ?? 'no revision yet'}</code>
          {git.deployed && (
            <>
              {' '}
              and deploys made here <code>{git.deployed.slice(0, 10)}</code>
            </>
          )}
          {git.appliedAt && (
            <>
              , since <When at={git.appliedAt} />
            </>
          )}
          {git.error && <span class="fault"> {git.error}</span>}
        </p>
      )}
      <ul class="lines">
        {flows.map(({ id, label, state, why, following, errors, lastError, deployed, nodes }) => (
          <li key={id}>
            <strong>{label}</strong> <Status is={state} />{' '}
            <small>
              {plural(nodes, 'node')}, follows {following}, {plural(errors, 'error')}; from{' '}
              {deployed.by === 'editor' ? `${deployed.user ?? 'the editor'}` : 'the flow files'}
              {deployed.at && (
                <>
                  , <When at={deployed.at} />
                </>
              )}
            </small>
            {why && <p class="fault">{why}</p>}
            {lastError && (
              <p class="fault">
                <When at={lastError.at} /> {lastError.nodeLabel}: {lastError.text}
              </p>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Polls({ polls }: Pick<StatusReport, 'polls'>) {
  if (polls.length === 0) return null;
  return (
    <Section id="polls" title="Polls">
      <ul class="lines">
        {polls.map(({ node, nodeLabel, flowLabel, at, next, found, foundSinceStart, error }) => (
          <li key={node}>
            <strong>{nodeLabel}</strong> {flowLabel && <small>in {flowLabel}</small>}
            <br />
            last <When at={at} />: {error ? <span class="fault">{error}</span> : `${found} new`}; next{' '}
            <When at={next} />; {foundSinceStart} since the start
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Process({ process, store, replicas, startedAt }: StatusReport) {
  return (
    <Section id="process" title="Process">
      <div class="sparklines">
        <Sparkline title="Event loop late by" values={process.lagMs} format={milliseconds} />
        <Sparkline title="Memory" values={process.memoryBytes} format={bytes} />
      </div>
      <p>
        Running since <When at={startedAt} />, {plural(process.messagesInFlight, 'message')} in flight. State:{' '}
        {store.kind}, {bytes(store.bytes)}
        {store.fault && <span class="fault"> {store.fault}</span>}
      </p>
      {replicas && (
        <ul class="lines">
          {replicas.members.map(({ id, self, leads }) => (
            <li key={id}>
              <code>{id}</code>{' '}
              {leads.length === 0 ? 'stands by' : replicas.shards === 1 ? 'leads' : `leads shards ${leads.join(', ')}`}
              {self && <small> (this is its page)</small>}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
