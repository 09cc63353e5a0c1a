import { combobox, type Suggestion } from './combobox.ts';
import { type Place, type SourceName, sources } from './suggestions.ts';
import { own, shared } from './text.ts';
import { type Check, isVariable } from './validate.ts';

export type TypeName = 'str' | 'num' | 'bool' | 'json' | 'msg' | 'flow' | 'global' | 'env' | 'jsonata';

/** What most fields take: a text, or where to find it when a message comes. */
export const TEXT: readonly TypeName[] = ['str', 'msg', 'flow', 'global', 'env', 'jsonata'];
export const NUMBER: readonly TypeName[] = ['num', 'msg', 'flow', 'global', 'env', 'jsonata'];
export const JSON_TEXT: readonly TypeName[] = ['json', 'msg', 'flow', 'global', 'env', 'jsonata'];
/** What names something that messages carry. */
export const MESSAGE_FIRST: readonly TypeName[] = ['msg', ...TEXT.filter((type) => type !== 'msg')];
export const BOOLEAN: readonly TypeName[] = ['bool', 'msg', 'flow', 'global', 'env', 'jsonata'];
/** A value of any kind. */
export const ANY: readonly TypeName[] = ['str', 'num', 'bool', 'json', 'msg', 'flow', 'global', 'env', 'jsonata'];

/** A property of a node and its field in the dialog: an input with the id `node-input-<property>` in the template. */
export interface Field {
  property: string;
  value: string | number | boolean;
  icon?: string;
  /** Makes it a typed input; the first is the default. Its type is the property `<property>Type`, which old flows may lack. */
  types?: readonly TypeName[];
  required?: boolean;
  /** For a fixed value (`str`, `num`, `json`) that is not empty. */
  check?: Check;
  suggest?: SourceName;
  /** Comma-separated: suggestions are for its last part. */
  list?: boolean;
  /** Suggestions are places to look around in, such as folders. */
  browse?: boolean;
  /** Offered only to flows that already use it. */
  legacy?: boolean;
}

const FIXED: readonly string[] = ['str', 'num', 'json'];

/** The typed properties' entries of a node definition's `defaults`, validation included. */
export function defaultsOf(fields: readonly Field[]): Record<string, RedPropertyDefinition> {
  const defaults: Record<string, RedPropertyDefinition> = {};
  for (const field of fields) {
    const definition: RedPropertyDefinition = {
      value: field.value,
      validate(value, _options) {
        return problemOf(this, field, value) ?? true;
      },
    };
    defaults[field.property] = definition;
    if (field.types) defaults[`${field.property}Type`] = { value: field.types[0] };
  }
  return defaults;
}

/** What is wrong with a value, in words; null when nothing is. */
function problemOf(node: RedEditorNode, field: Field, value: unknown): string | null {
  // Left out in an old flow: the default holds, as when the flow runs.
  if (value === undefined || typeof value === 'boolean') return null;
  const text = value === null ? '' : String(value);
  const name = labelOf(node, field.property);
  if (text.trim() === '') return field.required ? shared('problems.required', { name }) : null;
  if (isVariable(text.trim())) return null;
  const type = typeOf(node, field);
  if (field.types && !FIXED.includes(type)) {
    const valid = RED.utils.validateTypedProperty(value, type, {});
    return valid === true ? null : `${name}: ${valid === false ? shared('problems.expression') : valid}`;
  }
  const problem = field.check?.(text.trim());
  return problem ? `${name}: ${shared(`problems.${problem.key}`, problem.values)}` : null;
}

/** The type that a typed field has now: in the open dialog its input says, else the node does, else (old flows) the default. */
function typeOf(node: RedEditorNode, field: Field): string {
  const property = `${field.property}Type`;
  const input = $(`#node-input-${property}`);
  const shown = input.closest('form').data('seqera-node') === node.id ? input.val() : undefined;
  return String(shown || node[property] || field.types?.[0] || 'str');
}

export function labelOf(node: RedEditorNode, property: string): string {
  return own(node, `fields.${property}.label`) ?? shared(`fields.${property}.label`);
}

function hintOf(node: RedEditorNode, property: string): string {
  const key = `fields.${property}.hint`;
  const text = own(node, key) ?? shared(key);
  return text.endsWith(key) ? '' : text;
}

/** A field of the open dialog. */
export interface Row {
  input: JQuery;
  /** Says something under the field, in place of its hint; "" brings the hint back. */
  say(text: string, tone?: 'good' | 'bad'): void;
  show(visible: boolean): void;
}

/** Gives an input of the template its label, hint, types and suggestions. The input stands alone in a `div.form-row`. */
export function setUpField(node: RedEditorNode, field: Field, place: () => Place, prefix = 'node-input'): Row {
  const input = $(`#${prefix}-${field.property}`);
  fillIn(node, field.property, field.value, input);
  const parts = layOut(input, labelOf(node, field.property), field.icon);
  const placeholder = own(node, `fields.${field.property}.placeholder`);
  if (placeholder) input.attr('placeholder', placeholder);
  const hint = hintOf(node, field.property);
  const say: Row['say'] = (text, tone) => {
    parts.hint
      .text(text || hint)
      .toggleClass('seqera-good', tone === 'good')
      .toggleClass('seqera-bad', tone === 'bad');
  };
  say('');

  let typed = input.get(0) as HTMLInputElement;
  let isFixed = () => true;
  if (field.types) {
    typed = setUpTyped(node, field, input, parts.label);
    isFixed = () => FIXED.includes(input.typedInput('type'));
  }
  if (field.required) typed.setAttribute('aria-required', 'true');
  const tell = () => {
    const problem = problemOf(node, field, input.val());
    typed.setAttribute('aria-invalid', String(problem !== null));
    if (problem) say(problem, 'bad');
    else if (parts.hint.hasClass('seqera-bad')) say('');
  };
  input.on('change', () => tell());
  tell();
  const { suggest } = field;
  if (suggest) {
    const box = combobox(typed, {
      suggest: async (text) => sources[suggest](place(), text),
      enabled: isFixed,
      list: field.list === true,
      browse: field.browse === true,
      onPick: ({ label, value, group, detail }: Suggestion) => {
        if (field.list) return;
        say([group, label === value ? null : label, detail].filter(Boolean).join(' · '), 'good');
      },
    });
    parts.field.append(box.button);
    input.on('change', () => {
      box.button.hidden = !isFixed();
      if (document.activeElement === typed && !parts.hint.hasClass('seqera-bad')) say('');
    });
  }
  const show = (visible: boolean) => {
    parts.row.toggle(visible);
  };
  if (field.legacy) show(input.val() !== '');
  return { input, say, show };
}

/** Shows the default of a property that an old flow leaves out, so that *Done* does not change what the node does. */
export function fillIn(node: RedEditorNode, property: string, value: unknown, input: JQuery): void {
  if (node[property] !== undefined) return;
  if (typeof value === 'boolean' && input.is(':checkbox')) input.prop('checked', value);
  else input.val(String(value));
}

/** The choice of a unit of time beside a number: it has no row, and so no label, of its own. */
export function setUpUnits(node: RedEditorNode, value: string): void {
  const units = $('#node-input-pollUnits').attr('aria-label', labelOf(node, 'pollUnits'));
  fillIn(node, 'pollUnits', value, units);
}

/** Wraps an input of the template in a labelled row. */
export function layOut(input: JQuery, label: string, icon = 'tag') {
  const row = input.closest('.form-row').addClass('seqera-row');
  const element = $('<label>')
    .attr({ for: input.attr('id') ?? '', id: `${input.attr('id')}-label`, title: label })
    .append($('<i aria-hidden="true">').addClass(`fa fa-${icon}`), document.createTextNode(label));
  const field = $('<div class="seqera-field">').append(row.contents());
  // What it says while the dialog is open is read out: what is wrong, what was chosen.
  const hint = $('<div class="seqera-hint" aria-live="polite">').attr('id', `${input.attr('id')}-hint`);
  row.append(element, field, hint);
  input.attr('aria-describedby', `${input.attr('id')}-hint`);
  return { row, label: element, field, hint };
}

/** Returns the input that one types into: Node-RED's typed input puts a new one in front of the original. */
function setUpTyped(node: RedEditorNode, field: Field, input: JQuery, label: JQuery): HTMLInputElement {
  const property = `${field.property}Type`;
  const fallback = field.types?.[0] ?? 'str';
  const typeField = $('<input type="hidden">').attr('id', `node-input-${property}`);
  typeField.val(String(node[property] || fallback)).insertAfter(input);
  input.attr('aria-labelledby', label.attr('id') ?? '');
  input.css('width', '100%');
  input.typedInput({ default: fallback, types: field.types ?? [], typeField });
  const inner = innerOf(input);
  inner.id = `${input.attr('id')}-text`;
  nameButtons(input, labelOf(node, field.property), label.attr('id'));
  inner.setAttribute('aria-describedby', input.attr('aria-describedby') ?? '');
  label.attr('for', inner.id);
  return inner;
}

/** What one types into in a typed input. */
export const innerOf = (input: JQuery): HTMLInputElement =>
  input.next('.red-ui-typedInput-container').find('input.red-ui-typedInput-input').get(0) as HTMLInputElement;

/** The buttons of a typed input (its type, its choices, its editor) say of which field they are, where Node-RED names none. */
export function nameButtons(input: JQuery, name: string, labelledBy?: string): void {
  const container = input.next('.red-ui-typedInput-container');
  container.find('button').each((index, button) => {
    if (button.classList.contains('red-ui-typedInput-option-expand')) {
      button.setAttribute('aria-label', shared('typed.expand', { name }));
    } else if (labelledBy) {
      // What the button shows, its type or its value, is part of its name.
      button.id ||= `${labelledBy}-button-${index}`;
      button.setAttribute('aria-labelledby', `${labelledBy} ${button.id}`);
    }
  });
}
