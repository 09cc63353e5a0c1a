import { ANY, innerOf, nameButtons } from './fields.ts';
import { shared } from './text.ts';

/** An entry of a launch node's `params`, as flows have it. */
export interface Param {
  name: string;
  value: unknown;
  /** Missing in old flows: then `str`. */
  valueType?: string;
}

/** What is wrong with a list of parameters; null when nothing is. */
export function paramsProblem(params: unknown): string | null {
  if (!Array.isArray(params)) return null;
  for (const { name, value, valueType } of params as Param[]) {
    if (!name) return shared('problems.paramName');
    const valid = RED.utils.validateTypedProperty(value, valueType ?? 'str', {});
    if (valid !== true) return `${name}: ${valid === false ? shared('problems.expression') : valid}`;
  }
  return null;
}

/** Shows the parameters of a node in an `ol` of the template; returns how to read them again. */
export function paramsList(list: JQuery, params: unknown): () => Param[] {
  const rows = new Map<HTMLElement, () => Param>();
  list.editableList<Partial<Param>>({
    addButton: shared('params.add'),
    removable: true,
    sortable: true,
    height: 'auto',
    addItem(row, index, { name = '', value = '', valueType }) {
      row.addClass('seqera-param');
      const label = (text: string) => `${shared(text)} ${index + 1}`;
      const nameInput = $('<input type="text" autocomplete="off">')
        .attr({ placeholder: shared('params.name'), 'aria-label': label('params.name') })
        .val(name)
        .appendTo(row);
      const type = $('<input type="hidden">').val(valueType || 'str');
      const valueInput = $('<input type="text" style="width: 100%">')
        .attr({ placeholder: shared('params.value'), 'aria-label': label('params.value') })
        .val(typeof value === 'string' ? value : JSON.stringify(value))
        .appendTo(row);
      row.append(type);
      valueInput.typedInput({ default: 'str', types: ANY, typeField: type });
      innerOf(valueInput).setAttribute('aria-label', label('params.value'));
      nameButtons(valueInput, label('params.value'));
      row
        .siblings('.red-ui-editableList-item-remove')
        .attr({ role: 'button', 'aria-label': shared('params.remove', { number: index + 1 }) });
      rows.set(row.get(0) as HTMLElement, () => ({
        name: String(nameInput.val() ?? '').trim(),
        value: valueInput.typedInput('value'),
        valueType: valueInput.typedInput('type'),
      }));
      // A new row is for typing into; the rows of the node are not.
      if (name === '' && value === '') nameInput.trigger('focus');
    },
  });
  for (const param of Array.isArray(params) ? params : []) list.editableList('addItem', param);
  return () =>
    list
      .editableList('items')
      .toArray()
      .map((row) => rows.get($(row as HTMLElement).get(0) as HTMLElement)?.()) // the list gives jQuery objects
      .filter((param): param is Param => param !== undefined && (param.name !== '' || param.value !== ''));
}
