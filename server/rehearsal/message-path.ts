import { spoken } from './milliseconds.ts';
import type { Outcome } from './rehearsal.ts';
import { type RehearsalEvent, titleOf } from './rehearsal-event.ts';

/** Ways that are shown when nothing came where it was expected. */
const MOST_WAYS = 3;

/** The way that the message of an event took until then, in one line. */
export function wayOf(event: RehearsalEvent, { events }: Pick<Outcome, 'events' | 'held'>): string[] {
  if (event.kind !== 'message' && event.kind !== 'error') return [];
  const { msgid } = event;
  const stations = events
    .slice(0, events.indexOf(event) + 1)
    .filter((each) => each.kind === 'message' && each.msgid === msgid);
  if (stations.length === 0) return [];
  return [`path of the message: ${originOf(msgid, stations, events)}${chain(stations, events[0]?.at ?? event.at)}`];
}

/** The ways of all messages, the last ones first, with where each of them ended. */
export function pathsOf({ events, held }: Outcome): string[] {
  const ways = new Map<string, RehearsalEvent[]>();
  for (const event of events) {
    // What an inject node is given is not what it sends.
    if (event.kind !== 'message' || event.node.type === 'inject') continue;
    const stations = ways.get(event.msgid) ?? [];
    ways.set(event.msgid, [...stations, event]);
  }
  if (ways.size === 0) return ['no message arrived at any node'];
  const began = events[0]?.at ?? 0;
  const shown = new Map<string, number>();
  for (const [msgid, stations] of [...ways].reverse()) {
    const line = `${originOf(msgid, stations, events)}${chain(stations, began)}${endOf(msgid, stations, events, held)}`;
    shown.set(line, (shown.get(line) ?? 0) + 1);
  }
  const lines = [...shown]
    .slice(0, MOST_WAYS)
    .map(([line, count]) => `path of a message: ${line}${count > 1 ? ` (${count} times)` : ''}`);
  if (shown.size > MOST_WAYS) lines.push(`and ${shown.size - MOST_WAYS} other paths`);
  return lines;
}

/** The node that made the message: it did not receive it. */
function originOf(
  msgid: string | null,
  stations: readonly RehearsalEvent[],
  events: readonly RehearsalEvent[],
): string {
  const first = events.find((event) => event.kind === 'sent' && event.msgid === msgid);
  const [station] = stations;
  if (first?.kind !== 'sent' || station?.kind !== 'message' || station.node.id === first.from.id) return '';
  return `${titleOf(first.from)} → `;
}

/** `Every night → Launch → (after 15 s) succeeded`. Many stations are cut in the middle. */
function chain(stations: readonly RehearsalEvent[], began: number): string {
  let before = began;
  const parts = stations.flatMap((event) => {
    if (event.kind !== 'message') return [];
    const gap = event.at - before;
    before = event.at;
    return [gap >= 1000 ? `(after ${spoken(gap)}) ${titleOf(event.node)}` : titleOf(event.node)];
  });
  const cut = parts.length > 14 ? [...parts.slice(0, 6), `… ${parts.length - 12} more …`, ...parts.slice(-6)] : parts;
  return cut.join(' → ');
}

function endOf(
  msgid: string,
  stations: readonly RehearsalEvent[],
  events: readonly RehearsalEvent[],
  held: Outcome['held'],
): string {
  const last = stations.at(-1);
  if (last?.kind !== 'message') return '';
  const error = events.findLast(
    (event) =>
      event.kind === 'error' && (event.msgid === msgid || (event.msgid === null && event.node.id === last.node.id)),
  );
  if (error?.kind === 'error') return `; error of "${titleOf(error.node)}": ${error.text}`;
  if (held.some(({ node }) => node.id === last.node.id)) return `; "${titleOf(last.node)}" still has it`;
  const status = events.findLast((event) => event.kind === 'status' && event.node.id === last.node.id);
  return `; it ended at "${titleOf(last.node)}"${status?.kind === 'status' && status.text ? `, whose status is "${status.text}"` : ''}`;
}
