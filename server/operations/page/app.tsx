import { useEffect, useState } from 'preact/hooks';
import { Bars } from './charts.tsx';
import { moment, plural } from './format.ts';
import { RunDialog } from './run-dialog.tsx';
import { Runs } from './runs.tsx';
import { Connections, Failures, Flows, Polls, Process } from './sections.tsx';
import { editor, forget, onChange, signOut, token } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { patched, type Row, type State, stateOf } from './state.ts';
import { type Connection, follow } from './stream.ts';

const OUTCOMES = ['succeeded', 'failed', 'cancelled', 'lost'].map((key) => ({ key, name: key }));
const LAUNCHES = [
  { key: 'done', name: 'launched' },
  { key: 'failed', name: 'refused' },
  { key: 'unknown', name: 'unknown' },
];

const CONNECTION: Record<Connection, string> = {
  connecting: 'connecting',
  live: 'live',
  polling: 'every 10 s, as many pages are open',
  lost: 'not connected, trying again',
};

export function App() {
  const [bearer, setBearer] = useState(token);
  useEffect(() => onChange(() => setBearer(token())), []);
  const leave = (): void => {
    forget();
    setBearer(null);
  };
  if (bearer === null) return <SignIn done={() => setBearer(token())} />;
  return <Page key={bearer} bearer={bearer} leave={leave} />;
}

function Page({ bearer, leave }: { bearer: string; leave(): void }) {
  const [state, setState] = useState<State | null>(null);
  const [connection, setConnection] = useState<Connection>('connecting');
  const [open, setOpen] = useState<Row | null>(null);
  useEffect(
    () =>
      follow(bearer, {
        report: (report) => setState(stateOf(report)),
        patch: (patch) => setState((before) => before && patched(before, patch)),
        connection: setConnection,
        signedOut: leave,
      }),
    [],
  );
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const typing = event.target instanceof Element && event.target.closest('input, select, textarea, dialog');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      document.getElementById('search')?.focus();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, []);
  const leaveForGood = (): void => void signOut().then(leave);
  if (state === null) return <p class="empty">{CONNECTION[connection]}…</p>;
  const { report } = state;
  // As it is now, also when it has ended meanwhile.
  const now = open && (state.runs.get(open.key) ?? report.ended.find(({ key }) => key === open.key) ?? open);
  return (
    <>
      <a class="skip" href="#runs">
        To the runs
      </a>
      <header class="top">
        <h1>Redstart</h1>
        <span class={`status ${report.ready ? 'succeeded' : 'failed'}`}>{report.ready ? 'ready' : 'not ready'}</span>
        <small>version {report.version}</small>
        <span class={`connection ${connection}`} role="status">
          {CONNECTION[connection]}
        </span>
        <small>
          <time dateTime={report.at}>{moment(report.at)}</time>
        </small>
        <nav aria-label="Session">
          <a href={editor.href}>Editor</a>
          <button type="button" onClick={leaveForGood}>
            Sign out
          </button>
        </nav>
      </header>
      <main>
        {report.reasons.map(({ code, message }) => (
          <p key={code} class="fault" role="alert">
            {message}
          </p>
        ))}
        <Glance state={state} />
        <section id="day" class="charts" aria-label="The last 24 hours">
          <Bars title="Ended in 24 h" series={OUTCOMES} hours={report.outcomes} />
          <Bars title="Launches in 24 h" series={LAUNCHES} hours={report.launches} />
        </section>
        <Runs state={state} open={setOpen} />
        <div class="columns">
          <Failures failures={report.failures} />
          <Connections connections={report.connections} />
          <Flows flows={report.flows} git={report.git} />
          <Polls polls={report.polls} />
          <Process {...report} />
        </div>
      </main>
      {now && <RunDialog key={now.key} row={now} close={() => setOpen(null)} />}
    </>
  );
}

/** The answer to "is anything wrong?" before anything else. */
function Glance({ state: { report } }: { state: State }) {
  const sum = (key: 'succeeded' | 'failed' | 'lost'): number =>
    report.outcomes.reduce((all, hour) => all + hour[key], 0);
  const failed =
    sum('failed') + sum('lost') + report.launches.reduce((all, hour) => all + hour.failed + hour.unknown, 0);
  const yesterday = new Date(Date.parse(report.at) - 86_400_000).toISOString();
  const trouble = report.flows.filter(
    ({ state, lastError }) => /held|refused|not/.test(state) || (lastError !== null && lastError.at > yesterday),
  ).length;
  const bad = report.connections.filter(
    ({ token }) => token.state === 'refused' || token.state === 'unreachable',
  ).length;
  const tiles: [string, string | number, string, string][] = [
    ['#runs', report.following, 'being followed', ''],
    ['#day', sum('succeeded'), 'succeeded in 24 h', ''],
    ['#failures', failed, 'failed in 24 h', failed > 0 ? 'bad' : ''],
    ['#flows', trouble, `of ${plural(report.flows.length, 'flow')} with trouble`, trouble > 0 ? 'bad' : ''],
    ['#connections', bad, `of ${plural(report.connections.length, 'connection')} with trouble`, bad > 0 ? 'bad' : ''],
  ];
  return (
    <ul class="glance" aria-label="At a glance">
      {tiles.map(([href, value, text, mood]) => (
        <li key={href} class={mood}>
          <a href={href}>
            <strong>{value}</strong> {text}
          </a>
        </li>
      ))}
    </ul>
  );
}
