import { useEffect, useState } from 'preact/hooks';
import { Bars } from './charts.tsx';
import { moment } from './format.ts';
import { onLanguage, speech, t } from './language.ts';
import { LanguageChoice } from './language-choice.tsx';
import { RunDialog } from './run-dialog.tsx';
import { Runs } from './runs.tsx';
import { Connections, Failures, Flows, Polls, Process } from './sections.tsx';
import { editor, forget, onChange, signOut, token } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { patched, type Row, type State, stateOf } from './state.ts';
import { type Connection, follow } from './stream.ts';

const outcomes = () =>
  (['succeeded', 'failed', 'cancelled', 'lost'] as const).map((key) => ({ key, name: t(`word.${key}`) }));
const launches = () => [
  { key: 'done', name: t('chart.launched') },
  { key: 'failed', name: t('chart.refused') },
  { key: 'unknown', name: t('chart.unknown') },
];

export function App() {
  const [bearer, setBearer] = useState(token);
  const [language, setLanguage] = useState(speech.language);
  useEffect(() => onChange(() => setBearer(token())), []);
  useEffect(() => onLanguage(() => setLanguage(speech.language)), []);
  const leave = (): void => {
    forget();
    setBearer(null);
  };
  // With another language everything is made anew.
  if (bearer === null) return <SignIn key={language} done={() => setBearer(token())} />;
  return <Page key={`${language} ${bearer}`} bearer={bearer} leave={leave} />;
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
  if (state === null) return <p class="empty">{t(`connection.${connection}`)}…</p>;
  const { report } = state;
  // As it is now, also when it has ended meanwhile.
  const now = open && (state.runs.get(open.key) ?? report.ended.find(({ key }) => key === open.key) ?? open);
  return (
    <>
      <a class="skip" href="#runs">
        {t('page.skip')}
      </a>
      <header class="top">
        <h1>Redstart</h1>
        <span class={`status ${report.ready ? 'succeeded' : 'failed'}`}>
          {t(report.ready ? 'page.ready' : 'page.notReady')}
        </span>
        <small>{t('page.version', { version: report.version })}</small>
        <span class={`connection ${connection}`} role="status">
          {t(`connection.${connection}`)}
        </span>
        <small>
          <time dateTime={report.at}>{moment(report.at)}</time>
        </small>
        <nav aria-label={t('page.session')}>
          <LanguageChoice />
          <a href={editor.href}>{t('page.editor')}</a>
          <button type="button" onClick={leaveForGood}>
            {t('page.signOut')}
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
        <section id="day" class="charts" aria-label={t('page.day')}>
          <Bars title={t('chart.ended')} series={outcomes()} hours={report.outcomes} />
          <Bars title={t('chart.launches')} series={launches()} hours={report.launches} />
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
  const tiles: [string, number, string, string][] = [
    ['#runs', report.following, t('glance.following'), ''],
    ['#day', sum('succeeded'), t('glance.succeeded'), ''],
    ['#failures', failed, t('glance.failed'), failed > 0 ? 'bad' : ''],
    ['#flows', trouble, t('glance.flows', { n: report.flows.length }), trouble > 0 ? 'bad' : ''],
    ['#connections', bad, t('glance.connections', { n: report.connections.length }), bad > 0 ? 'bad' : ''],
  ];
  return (
    <ul class="glance" aria-label={t('glance.title')}>
      {tiles.map(([href, value, text, mood]) => (
        <li key={href} class={mood}>
          <a href={href}>
            <strong>{speech.number.format(value)}</strong> {text}
          </a>
        </li>
      ))}
    </ul>
  );
}
