import type { ComponentChildren } from 'preact';
import type { ConnectionEntry, StatusReport } from '../status-schema.ts';
import { Sparkline } from './charts.tsx';
import { bytes, milliseconds, moment } from './format.ts';
import { rich, speech, t, word } from './language.ts';
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

const Status = ({ is }: { is: string }) => <span class={`status ${classOf(is)}`}>{word(is)}</span>;

function Connection({ connection }: { connection: ConnectionEntry }) {
  const { name, platform, workspaceId, token, calls } = connection;
  const used = Math.round(calls.budgetUsed * 100);
  return (
    <li class="card">
      <h3>
        {name} <Status is={token.state} />
      </h3>
      <p>
        {workspaceId ? t('connections.workspace', { platform, id: workspaceId }) : platform}
        <br />
        {token.user && t('connections.user', { user: token.user, role: token.role ?? t('connections.noRole') })}
        {token.reason && <span class="fault">{token.reason}</span>}
      </p>
      <label>
        {t('connections.budget', { used: speech.percent.format(calls.budgetUsed) })}
        <meter min={0} max={100} high={80} value={Math.min(100, used)}>
          {speech.percent.format(calls.budgetUsed)}
        </meter>
      </label>
      <p>
        {t('connections.calls', { n: calls.lastMinute })},{' '}
        {t('connections.latency', { median: milliseconds(calls.medianMs), p95: milliseconds(calls.p95Ms) })};{' '}
        {t('connections.errors', { n: calls.errorsLastHour })}, {t('connections.retries', { n: calls.retriesLastHour })}
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
    <Section id="connections" title={t('connections.title')}>
      {connections.length === 0 && <p class="empty">{t('connections.none')}</p>}
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
    <Section id="failures" title={t('failures.title')}>
      {failures.length === 0 && <p class="empty">{t('failures.none')}</p>}
      <ul class="lines">
        {failures.slice(0, 25).map(({ at, kind, title, reason, page, flowLabel, key }) => (
          <li key={at + title + key}>
            <When at={at} /> <span class="status failed">{word(kind)}</span>{' '}
            {page ? (
              <a href={page} target="_blank" rel="noopener noreferrer">
                {title}
              </a>
            ) : (
              <strong>{title}</strong>
            )}{' '}
            {flowLabel && <small>{t('in', { flow: flowLabel })}</small>}
            {reason && <p>{reason}</p>}
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Flows({ flows, git }: Pick<StatusReport, 'flows' | 'git'>) {
  return (
    <Section id="flows" title={t('flows.title')}>
      {git && (
        <p>
          {git.url}, {git.ref}: <code>{git.revision?.slice(0, 10) ?? t('flows.noRevision')}</code>
          {git.deployed && (
            <> {rich('flows.deployedHere', { commit: <code key="commit">{git.deployed.slice(0, 10)}</code> })}</>
          )}
          {git.appliedAt && <>, {rich('flows.appliedAt', { at: <When key="at" at={git.appliedAt} /> })}</>}
          {git.error && <span class="fault"> {git.error}</span>}
        </p>
      )}
      <ul class="lines">
        {flows.map(({ id, label, state, why, following, errors, lastError, deployed, nodes }) => (
          <li key={id}>
            <strong>{label}</strong> <Status is={state} />{' '}
            <small>
              {t('flows.nodes', { n: nodes })}, {t('flows.follows', { n: following })},{' '}
              {t('flows.errors', { n: errors })};{' '}
              {t('flows.from', {
                source: deployed.by === 'editor' ? (deployed.user ?? t('flows.editor')) : t('flows.files'),
              })}
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
    <Section id="polls" title={t('polls.title')}>
      <ul class="lines">
        {polls.map(({ node, nodeLabel, flowLabel, at, next, found, foundSinceStart, error }) => (
          <li key={node}>
            <strong>{nodeLabel}</strong> {flowLabel && <small>{t('in', { flow: flowLabel })}</small>}
            <br />
            {rich('polls.last', {
              at: <When key="at" at={at} />,
              what: error ? (
                <span key="what" class="fault">
                  {error}
                </span>
              ) : (
                t('polls.new', { n: found ?? 0 })
              ),
            })}
            ; {rich('polls.next', { at: <When key="at" at={next} /> })}; {t('polls.sinceStart', { n: foundSinceStart })}
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Process({ process, store, replicas, startedAt }: StatusReport) {
  return (
    <Section id="process" title={t('process.title')}>
      <div class="sparklines">
        <Sparkline title={t('process.lag')} values={process.lagMs} format={milliseconds} />
        <Sparkline title={t('process.memory')} values={process.memoryBytes} format={bytes} />
      </div>
      <p>
        {rich('process.since', { at: <When key="at" at={startedAt} /> })},{' '}
        {t('process.inFlight', { n: process.messagesInFlight })}.{' '}
        {t('process.state', { kind: store.kind, size: bytes(store.bytes) })}
        {store.fault && <span class="fault"> {store.fault}</span>}
      </p>
      {replicas && (
        <ul class="lines">
          {replicas.members.map(({ id, self, leads }) => (
            <li key={id}>
              <code>{id}</code>{' '}
              {leads.length === 0
                ? t('process.standsBy')
                : replicas.shards === 1
                  ? t('process.leads')
                  : t('process.leadsShards', { shards: leads.join(', ') })}
              {self && <small> {t('process.self')}</small>}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
