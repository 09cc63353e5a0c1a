import { memoryStore } from '../../operations/testing/memory-store.ts';
import { INCIDENTS_SCOPE, IncidentBook, type IncidentBookOptions } from '../incident-book.ts';

export const T0 = Date.UTC(2026, 0, 15, 12);

/** A book of incidents in memory, with a clock that the test moves. */
export function bookStage(options: Partial<IncidentBookOptions> = {}) {
  const time = { now: T0 };
  const store = options.store ?? memoryStore();
  const unsaved: string[] = [];
  const open = (): IncidentBook => {
    const book = new IncidentBook({
      store,
      now: () => time.now,
      intervalMs: 900_000,
      wants: () => true,
      onUnsaved: (error) => unsaved.push(error.message),
      ...options,
    });
    book.load(INCIDENTS_SCOPE);
    return book;
  };
  const book = open();
  return {
    time,
    store,
    unsaved,
    book,
    /** The same store, as the next start finds it. */
    reopen: open,
    pass(seconds: number) {
      time.now += seconds * 1000;
    },
  };
}

/** What is due, as the receiver takes it. */
export function tell(book: IncidentBook): string[] {
  const due = book.due();
  const told = due.map(({ event, incident, count }) => `${event} ${incident.key}${count ? ` ${count}` : ''}`);
  book.wereTold(due);
  return told;
}

export const flowError = (id = 'tab1', text = 'no header') =>
  ({ kind: 'flow', id, label: `Flow ${id}`, problem: 'errors', text, node: 'Parse', counted: true }) as const;
