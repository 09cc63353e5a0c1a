import type { Difference } from './match.ts';
import { callMatcher, firstDifference, shown } from './match.ts';
import { pathsOf, wayOf } from './message-path.ts';
import type { Failure, Outcome, Placed, Rehearsal } from './rehearsal.ts';
import { type RehearsalEvent, titleOf } from './rehearsal-event.ts';
import type { Expectation } from './rehearsal-schema.ts';

/** Compares what happened with what was to come, and with what must not. */
export function judge(rehearsal: Rehearsal, outcome: Outcome): Failure[] {
  const { events } = outcome;
  const failures: Failure[] = [];
  const hits = rehearsal.expect.map((each) => matching(each, events));
  for (const [index, each] of rehearsal.expect.entries()) {
    const failure = missed(each, hits[index] ?? [], outcome);
    if (failure) failures.push(failure);
  }
  if (rehearsal.inOrder && failures.length === 0) failures.push(...disorder(rehearsal, events, hits));
  for (const each of rehearsal.never) failures.push(...unwanted(each, events));
  failures.push(...answers(rehearsal, outcome), ...refusals(rehearsal, events), ...unexpectedErrors(rehearsal, events));
  return failures;
}

/** Indices of the events that are as described. */
function matching(expectation: Placed<Expectation>, events: readonly RehearsalEvent[]): number[] {
  return events.flatMap((event, index) =>
    isAbout(expectation, event) && difference(expectation.what, event) === null ? [index] : [],
  );
}

/** The event is of the kind and at the node or address that the expectation names. */
function isAbout({ what, nodeIds }: Placed<Expectation>, event: RehearsalEvent): boolean {
  if (what.message !== undefined) return event.kind === 'message' && nodeIds.includes(event.node.id);
  if (what.status !== undefined) return event.kind === 'status' && nodeIds.includes(event.node.id);
  if (what.error !== undefined) return event.kind === 'error' && nodeIds.includes(event.node.id);
  if (what.call !== undefined) {
    if (event.kind !== 'call') return false;
    const matches = callMatcher(what.call);
    return matches(event.method, event.path) || (event.route !== null && matches(event.method, event.route));
  }
  return event.kind === 'http' && callMatcher(what.http ?? '')(event.method, event.url);
}

function difference(what: Expectation, event: RehearsalEvent): Difference | null {
  const of = (key: keyof Expectation & string, actual: unknown): Difference | null =>
    key in what ? firstDifference(what[key], actual, [key]) : null;
  switch (event.kind) {
    case 'message':
      return of('with', event.msg);
    case 'status':
      return of('text', event.text) ?? of('fill', event.fill) ?? of('shape', event.shape);
    case 'error':
      return of('text', event.text) ?? of('code', event.code);
    case 'call':
      return of('query', event.query) ?? of('body', event.body) ?? of('answered', event.call.status);
    case 'http':
      return of('headers', event.headers) ?? of('body', event.body);
    default:
      return null;
  }
}

const KIND_TITLES = {
  message: 'a message at',
  call: 'the call',
  http: 'the request',
  status: 'a status of',
  error: 'an error of',
} as const;

function titled(what: Expectation): string {
  for (const [kind, title] of Object.entries(KIND_TITLES)) {
    const value = what[kind as keyof typeof KIND_TITLES];
    if (value !== undefined) return `${title} ${kind === 'call' || kind === 'http' ? value : `"${value}"`}`;
  }
  return 'something';
}

function limits({ times }: Expectation): { least: number; most: number } {
  if (typeof times === 'number') return { least: times, most: times };
  return { least: times?.least ?? (times ? 0 : 1), most: times?.most ?? Number.POSITIVE_INFINITY };
}

function missed(expectation: Placed<Expectation>, hits: readonly number[], outcome: Outcome): Failure | null {
  const { what, places } = expectation;
  const { least, most } = limits(what);
  if (hits.length >= least && hits.length <= most) return null;
  const place = places[''] ?? { line: 1, column: 1 };
  const about = outcome.events.filter((event) => isAbout(expectation, event));
  const often = (count: number): string => (count === 1 ? 'once' : `${count} times`);
  if (hits.length > most) {
    return {
      place,
      message: `${titled(what)} came ${often(hits.length)}, expected at most ${often(most)}`,
      details: ways(about, outcome),
    };
  }
  const wanted = least === 1 ? '' : `${often(least)}, and it came ${often(hits.length)}`;
  // The one that came nearest: it went furthest before it differed.
  const near = about
    .map((event) => ({ event, found: difference(what, event) }))
    .filter((each): each is { event: RehearsalEvent; found: Difference } => each.found !== null)
    .sort((a, b) => b.found.path.length - a.found.path.length)[0];
  if (near) {
    const { path, expected, actual } = near.found;
    const many = about.length > 1 ? ` (the nearest of ${about.length})` : '';
    return {
      place: deepest(places, path) ?? place,
      message: `${titled(what)} was expected${wanted && ` ${wanted}`}, with another content than it had`,
      details: [
        `first difference${many}, at ${path.join('.')}:`,
        `  expected ${expected}`,
        `  actual   ${actual}`,
        ...ways([near.event], outcome),
      ],
    };
  }
  return {
    place,
    message: `${titled(what)} was expected${wanted && ` ${wanted}`}, and did not come`,
    details: nothing(what, outcome),
  };
}

/** Why nothing came: for a node the ways that messages took, for a call the calls that there were. */
function nothing(what: Expectation, outcome: Outcome): string[] {
  const { events } = outcome;
  if (what.call !== undefined)
    return listed(
      'calls of the Platform',
      events.flatMap((event) =>
        event.kind === 'call' ? [`${event.method} ${event.path} → ${event.call.status || 'no answer'}`] : [],
      ),
      pathsOf(outcome),
    );
  if (what.http !== undefined)
    return listed(
      'requests',
      events.flatMap((event) => (event.kind === 'http' ? [`${event.method} ${event.url}`] : [])),
      pathsOf(outcome),
    );
  if (what.status !== undefined) return pathsOf(outcome);
  return pathsOf(outcome);
}

function listed(title: string, lines: readonly string[], rest: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  const shownLines = [...counts]
    .slice(0, 10)
    .map(([line, count]) => `  ${line}${count > 1 ? ` (${count} times)` : ''}`);
  if (counts.size > 10) shownLines.push(`  and ${counts.size - 10} more`);
  return [counts.size === 0 ? `there were no ${title}` : `${title}:`, ...shownLines, ...rest];
}

function ways(events: readonly RehearsalEvent[], outcome: Outcome): string[] {
  return events.slice(0, 3).flatMap((event) => wayOf(event, outcome));
}

function unwanted(expectation: Placed<Expectation>, events: readonly RehearsalEvent[]): Failure[] {
  const [first, ...more] = matching(expectation, events);
  if (first === undefined) return [];
  const event = events[first];
  if (!event) return [];
  return [
    {
      place: expectation.places[''] ?? { line: 1, column: 1 },
      message: `${titled(expectation.what)} must never come, and came${more.length > 0 ? ` ${more.length + 1} times` : ''}`,
      details: [contentOf(event), ...wayOf(event, { events: [...events], held: [] })],
    },
  ];
}

function contentOf(event: RehearsalEvent): string {
  if (event.kind === 'message') return `message ${shown(event.msg)}`;
  if (event.kind === 'call' || event.kind === 'http') return `body ${shown(event.body)}`;
  if (event.kind === 'status' || event.kind === 'error') return `text ${shown(event.text)}`;
  return '';
}

function disorder(rehearsal: Rehearsal, events: readonly RehearsalEvent[], hits: readonly number[][]): Failure[] {
  let after = -1;
  for (const [index, each] of rehearsal.expect.entries()) {
    if (limits(each.what).most === 0) continue;
    const next = hits[index]?.find((at) => at > after);
    if (next === undefined) {
      const before = rehearsal.expect[index - 1];
      return [
        {
          place: each.places[''] ?? rehearsal.place,
          message: `${titled(each.what)} came before ${before ? titled(before.what) : 'the rest'}, which is in the wrong order`,
          details: events.length > 0 ? [] : ['nothing happened'],
        },
      ];
    }
    after = next;
  }
  return [];
}

function answers(rehearsal: Rehearsal, outcome: Outcome): Failure[] {
  return rehearsal.steps.flatMap(({ what, places }, index): Failure[] => {
    if (what.request === undefined) return [];
    const place = places.answer ?? places[''] ?? rehearsal.place;
    const answer = outcome.events.find((event) => event.kind === 'answer' && event.step === index);
    if (answer?.kind !== 'answer') {
      if (what.answer === undefined) return [];
      return [{ place, message: `${what.request} was not answered`, details: pathsOf(outcome) }];
    }
    const found =
      what.answer &&
      firstDifference(what.answer, { status: answer.status, headers: answer.headers, body: answer.body }, ['answer']);
    if (!found) return [];
    return [
      {
        place: deepest(places, found.path) ?? place,
        message: `the answer to ${what.request} is not as expected`,
        details: [
          `first difference, at ${found.path.join('.')}:`,
          `  expected ${found.expected}`,
          `  actual   ${found.actual}`,
          ...pathsOf(outcome),
        ],
      },
    ];
  });
}

function refusals(rehearsal: Rehearsal, events: readonly RehearsalEvent[]): Failure[] {
  const refused = events.filter((event) => event.kind === 'http' && event.refused);
  const seen = new Set<string>();
  return refused.flatMap((event): Failure[] => {
    if (event.kind !== 'http') return [];
    const what = `${event.method} ${event.url}`;
    if (seen.has(what)) return [];
    seen.add(what);
    return [
      {
        place: rehearsal.place,
        message: `a request had no answer here and was refused: ${what}`,
        details:
          event.method === 'CONNECT'
            ? ['a rehearsal can answer requests of http and https, and nothing else: leave that node out with `flows`']
            : [
                'add it to this file:',
                '  http:',
                `    - request: ${what.replace(/\?.*/s, '*')}`,
                '      answer: { status: 200, body: ok }',
              ],
      },
    ];
  });
}

/** An error that no catch node takes and no expectation names is a failure: in the appliance it would only be a line in a log. */
function unexpectedErrors(rehearsal: Rehearsal, events: readonly RehearsalEvent[]): Failure[] {
  return events.flatMap((event): Failure[] => {
    if (event.kind !== 'error' || event.caught) return [];
    if (rehearsal.expect.some((each) => isAbout(each, event) && difference(each.what, event) === null)) return [];
    return [
      {
        place: rehearsal.place,
        message: `"${titleOf(event.node)}" raised an error that nothing caught: ${event.text}`,
        details: ['expect it (error: …), or put a catch node into the flow'],
      },
    ];
  });
}

/** The place of the innermost part of a path that is written in the file. */
function deepest(places: Placed<unknown>['places'], path: readonly (string | number)[]): Failure['place'] | undefined {
  for (let length = path.length; length > 0; length--) {
    const place = places[path.slice(0, length).join('.')];
    if (place) return place;
  }
  return undefined;
}
