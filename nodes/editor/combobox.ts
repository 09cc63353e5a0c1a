import { announce, region } from './announce.ts';
import { shared } from './text.ts';

export interface Suggestion {
  value: string;
  /** What is shown; the value when absent. */
  label?: string;
  detail?: string;
  group?: string;
  /** There is more behind it, such as what a folder holds: the list goes on with it. */
  opens?: boolean;
}

export interface ComboboxOptions {
  /** Finds what fits to what was typed ("" = everything). A rejection's message is shown in the list. */
  suggest(typed: string): Promise<Suggestion[]>;
  /** Suggestions are offered only while this holds (a typed input that takes its value from the message has none). */
  enabled(): boolean;
  /** The field is a comma-separated list: suggestions are for the part that is being typed. */
  list?: boolean;
  /** The list begins with what is in the field, which is a place to look around from, and not with everything. */
  browse?: boolean;
  onPick?(suggestion: Suggestion): void;
}

const TYPING_PAUSE_MS = 200;
let serial = 0;

/**
 * Makes a text input an ARIA combobox with a list of suggestions: arrow keys, Home/End of the list with Page keys, Enter,
 * Escape, and a button for the mouse. Own code because Node-RED's completion shows neither that it is asking, nor that it failed.
 */
export function combobox(
  input: HTMLInputElement,
  options: ComboboxOptions,
): { button: HTMLButtonElement; close(): void } {
  const id = `seqera-suggestions-${++serial}`;
  const popup = document.createElement('div');
  popup.className = 'seqera-popup';
  popup.hidden = true;
  const list = document.createElement('ul');
  list.id = id;
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', shared('suggest.label'));
  const note = document.createElement('div');
  note.className = 'seqera-note';
  popup.append(list, note);

  const button = document.createElement('button');
  button.type = 'button';
  button.tabIndex = -1; // the arrow key does the same from the field
  button.className = 'red-ui-button seqera-open';
  button.title = shared('suggest.open');
  button.setAttribute('aria-label', shared('suggest.open'));
  button.innerHTML = '<i class="fa fa-search" aria-hidden="true"></i>';

  let shown: Suggestion[] = [];
  let active = -1;
  let asked = 0;
  let typing: ReturnType<typeof setTimeout> | undefined;

  input.setAttribute('role', 'combobox');
  input.setAttribute('aria-autocomplete', 'list');
  input.setAttribute('aria-expanded', 'false');
  input.setAttribute('aria-controls', id);
  input.autocomplete = 'off';
  region();

  const isOpen = () => !popup.hidden;
  const typed = () => (options.list ? (input.value.split(',').pop() ?? '') : input.value).trim();

  function place(): void {
    const box = (input.closest('.red-ui-typedInput-container') ?? input).getBoundingClientRect();
    const below = window.innerHeight - box.bottom - 8;
    const above = box.top - 8;
    const upwards = below < 160 && above > below;
    popup.style.left = `${box.left}px`;
    popup.style.width = `${Math.max(box.width, 260)}px`;
    popup.style.maxHeight = `${Math.min(280, upwards ? above : below)}px`;
    popup.style.top = upwards ? '' : `${box.bottom + 2}px`;
    popup.style.bottom = upwards ? `${window.innerHeight - box.top + 2}px` : '';
  }

  function onScroll(event: Event): void {
    if (!popup.contains(event.target as Node)) place();
  }

  function show(): void {
    if (isOpen()) return;
    document.body.append(popup);
    popup.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    place();
    window.addEventListener('scroll', onScroll, true);
    window.addEventListener('resize', place);
  }

  function close(): void {
    clearTimeout(typing);
    asked++; // an answer that still comes is for a list that is gone
    active = -1;
    popup.hidden = true;
    popup.remove();
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    window.removeEventListener('scroll', onScroll, true);
    window.removeEventListener('resize', place);
  }

  function say(text: string, problem = false): void {
    note.textContent = text;
    note.classList.toggle('seqera-problem', problem);
    note.hidden = text === '';
    announce(text);
  }

  function render(found: Suggestion[], term: string): void {
    shown = found;
    list.replaceChildren();
    let group: string | undefined;
    found.forEach((suggestion, index) => {
      if (suggestion.group && suggestion.group !== group) {
        const heading = document.createElement('li');
        heading.className = 'seqera-group';
        heading.setAttribute('role', 'presentation');
        heading.textContent = suggestion.group;
        list.append(heading);
      }
      group = suggestion.group;
      const item = document.createElement('li');
      item.id = `${id}-${index}`;
      item.setAttribute('role', 'option');
      item.append(marked(suggestion.label ?? suggestion.value, term));
      if (suggestion.detail) {
        const detail = document.createElement('small');
        detail.textContent = suggestion.detail;
        detail.title = suggestion.detail;
        item.append(detail);
      }
      item.addEventListener('click', () => pick(suggestion));
      list.append(item);
    });
  }

  function activate(index: number): void {
    active = shown.length === 0 ? -1 : Math.max(0, Math.min(index, shown.length - 1));
    for (const item of list.querySelectorAll('[role=option]')) {
      const on = item.id === `${id}-${active}`;
      item.classList.toggle('seqera-active', on);
      item.setAttribute('aria-selected', String(on));
      if (on) item.scrollIntoView({ block: 'nearest' });
    }
    if (active < 0) input.removeAttribute('aria-activedescendant');
    else input.setAttribute('aria-activedescendant', `${id}-${active}`);
  }

  async function search(term: string): Promise<void> {
    const mine = ++asked;
    render([], term);
    activate(-1);
    show();
    say(shared('suggest.asking'));
    try {
      const found = await options.suggest(term);
      if (mine !== asked) return;
      render(found, term);
      say(found.length === 0 ? shared(term ? 'suggest.nothingFor' : 'suggest.nothing', { term }) : '');
      if (found.length > 0) announce(shared('suggest.found', { number: found.length }));
      const current = found.findIndex((suggestion) => suggestion.value === typed());
      activate(current < 0 ? 0 : current);
    } catch (error) {
      if (mine === asked) say(error instanceof Error ? error.message : String(error), true);
    }
    if (mine === asked) place();
  }

  function pick(suggestion: Suggestion): void {
    if (options.list) {
      const before = input.value
        .split(',')
        .slice(0, -1)
        .map((part) => part.trim());
      input.value = [...before, suggestion.value].join(', ');
    } else {
      input.value = suggestion.value;
    }
    close();
    $(input).trigger('change'); // Node-RED's typed input listens with jQuery
    if (!suggestion.opens) options.onPick?.(suggestion);
    input.focus();
    if (suggestion.opens) void search(typed());
  }

  const open = () => void search(options.browse ? typed() : '');

  input.addEventListener('input', () => {
    if (!options.enabled()) return;
    clearTimeout(typing);
    typing = setTimeout(() => void search(typed()), TYPING_PAUSE_MS);
  });
  input.addEventListener('keydown', (event) => {
    const key = event.key;
    if (!isOpen()) {
      if (key === 'ArrowDown' && options.enabled()) {
        event.preventDefault();
        open();
      }
      return;
    }
    const steps: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + 8,
      PageUp: active - 8,
    };
    const next = steps[key];
    if (next !== undefined) activate(next);
    else if (key === 'Enter') {
      const chosen = shown[active];
      if (chosen) pick(chosen);
      else close();
    } else if (key === 'Escape') close();
    else {
      if (key === 'Tab') close();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  input.addEventListener('blur', close);
  popup.addEventListener('mousedown', (event) => event.preventDefault()); // keeps the focus, and so the list, while it is clicked
  button.addEventListener('mousedown', (event) => event.preventDefault());
  button.addEventListener('click', () => {
    const wasOpen = isOpen();
    input.focus();
    if (wasOpen) close();
    else if (options.enabled()) open();
  });
  return { button, close };
}

/** The text with the part that was typed marked in it. */
function marked(text: string, term: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const at = term ? text.toLowerCase().indexOf(term.toLowerCase()) : -1;
  if (at < 0) {
    fragment.append(text);
    return fragment;
  }
  const mark = document.createElement('mark');
  mark.textContent = text.slice(at, at + term.length);
  fragment.append(text.slice(0, at), mark, text.slice(at + term.length));
  return fragment;
}
