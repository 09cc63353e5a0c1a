import { ask, type ManagedConnection } from './api.ts';
import { describeConnection } from './connection.ts';
import { defaultsOf, type Field, layOut, type Row, setUpField, TEXT } from './fields.ts';
import { addStyle } from './style.ts';
import type { Place } from './suggestions.ts';
import { own, shared } from './text.ts';
import { baseUrl, isVariable, workspaceId } from './validate.ts';

/** What a node type is in the editor. Labels and help are in its catalogue (`locales/<language>/<type>.json`). */
export interface SeqeraNode {
  icon: string;
  inputs: 0 | 1;
  outputs: number;
  /** Its own properties: name, connection, workspace and address are those of every node. */
  fields: readonly Field[];
  /** Of no Platform: no connection, no workspace, a place of its own in the palette. */
  apart?: { category: string; color: string; credentials: Record<string, { type: 'password' | 'text' }> };
  /** Fields of the dialog that are no properties: credentials. */
  extra?: readonly Field[];
  /** Further properties, which are not one input of the dialog each. */
  defaults?: Record<string, RedPropertyDefinition>;
  /** Which text of the catalogue names an output, where their number changes. Default: that of its place. */
  outputKey?(node: RedEditorNode, index: number): string | number;
  /** Called when the fields of the dialog stand. */
  opened?(node: RedEditorNode, rows: ReadonlyMap<string, Row>): void;
  saved?(node: RedEditorNode): void;
}

const NAME: Field = { property: 'name', value: '', icon: 'tag' };
const COMMON: readonly Field[] = [
  NAME,
  { property: 'workspaceId', value: '', icon: 'sitemap', types: TEXT, suggest: 'workspaces', check: workspaceId },
  { property: 'baseUrl', value: '', icon: 'globe', types: TEXT, check: baseUrl, legacy: true },
];

/** Registers a node type with the editor: what all Seqera nodes have in common, and what is its own. */
export function registerNode(type: string, node: SeqeraNode): void {
  const { apart } = node;
  const fields = [...(apart ? [NAME] : COMMON), ...node.fields];
  register(type, {
    category: apart?.category ?? 'seqera',
    color: apart?.color ?? '#A9A1C6',
    ...(apart && { credentials: apart.credentials }),
    icon: node.icon,
    inputs: node.inputs,
    outputs: node.outputs,
    defaults: {
      // An own validation, because the editor's refuses what is fine here: none, or one that is gone, is the default connection.
      ...(!apart && {
        seqera: {
          value: '',
          type: 'seqera-config',
          required: false,
          validate: (id: unknown, _options) => connectionIsValid(id),
        },
      }),
      ...defaultsOf(fields),
      ...node.defaults,
    },
    label() {
      return this.name || this._('paletteLabel');
    },
    labelStyle() {
      return this.name ? 'node_label_italic' : '';
    },
    paletteLabel() {
      return this._('paletteLabel');
    },
    outputLabels(index) {
      return own(this, `outputs.${node.outputKey?.(this, index) ?? index}`) ?? '';
    },
    oneditprepare() {
      const form = $('#node-input-name').closest('form').data('seqera-node', this.id);
      form.find('[data-seqera-text]').each((_index, element) => {
        const key = element.dataset.seqeraText ?? '';
        element.textContent = own(this, key) ?? shared(key);
      });
      const rows = new Map<string, Row>();
      const place = (): Place => placeOf(rows);
      if (!apart) setUpConnection();
      for (const field of [...fields, ...(node.extra ?? [])]) {
        if ($(`#node-input-${field.property}`).length > 0) rows.set(field.property, setUpField(this, field, place));
      }
      // What was set must be seen: the folded part is open when it holds something.
      form.find('details').each((_index, more) => {
        more.open = fields.some(({ property, value }) => {
          const input = $(more).find(`#node-input-${property}`);
          return input.length > 0 && input.val() !== String(value);
        });
      });
      const workspace = rows.get('workspaceId');
      if (workspace) void nameWorkspace(workspace, place);
      node.opened?.(this, rows);
    },
    oneditsave() {
      node.saved?.(this);
    },
  });
}

/** Registers a type, and again when it was removed and added while the page is open: a module is evaluated only once. */
export function register(type: string, definition: RedNodeDefinition): void {
  addStyle();
  RED.nodes.registerType(type, definition);
  RED.events.on('registry:node-set-added', ({ types }) => {
    if (types?.includes(type)) RED.nodes.registerType(type, definition);
  });
}

function connectionIsValid(id: unknown): boolean {
  const connection = typeof id === 'string' && id !== '' ? RED.nodes.node(id) : null;
  return connection?.valid !== false;
}

function placeOf(rows: ReadonlyMap<string, Row>): Place {
  const connection = describeConnection(String($('#node-input-seqera').val() ?? ''));
  const workspaceId = fixedValue(rows.get('workspaceId'), (value) => /^\d+$/.test(value));
  const dataLink = fixedValue(rows.get('dataLinkName'), (value) => !isVariable(value));
  return { connection, workspaceId, ...(dataLink === undefined ? {} : { dataLink }) };
}

/** Undefined when a field is empty; null when its value is known only when the flow runs. */
function fixedValue(row: Row | undefined, known: (value: string) => boolean): string | undefined | null {
  const value = String(row?.input.val() ?? '').trim();
  if (!row || value === '') return undefined;
  return row.input.typedInput('type') === 'str' && known(value) ? value : null;
}

/** Shows which workspace a number is. Silent when it cannot be asked: the field works without. */
async function nameWorkspace(row: Row, place: () => Place): Promise<void> {
  const value = String(row.input.val() ?? '');
  if (!/^\d+$/.test(value) || row.input.typedInput('type') !== 'str') return;
  try {
    const { workspaces } = await ask('seqera/workspaces', { connection: place().connection });
    const found = workspaces.find(({ id }) => id === value);
    if (found) row.say(`${found.organisation} · ${found.name} · ${found.roles.join(', ')}`, 'good');
    else row.say(shared('problems.workspaceUnseen'), 'bad');
  } catch {
    // The connection's own dialog says what is wrong with it.
  }
}

/** The row of the connection; says which one is used while none is chosen. */
function setUpConnection(): void {
  const select = $('#node-input-seqera');
  const { hint } = layOut(select, shared('fields.seqera.label'), 'plug');
  let managed: ManagedConnection[] | null = null;
  const show = () => {
    const chosen = String(select.val() ?? '');
    if (chosen && chosen !== '_ADD_') {
      hint.text('').removeClass('seqera-bad');
      select.removeAttr('aria-invalid');
    } else if (managed) {
      const fallback = managed.find((connection) => connection.default);
      hint.toggleClass('seqera-bad', !fallback);
      select.attr('aria-invalid', String(!fallback));
      hint.text(fallback ? shared('connection.usesDefault', { ...fallback }) : shared('refusals.noDefault'));
    }
  };
  // Node-RED's edit and add buttons are links without an address, which the tab key passes by.
  select
    .siblings('a.red-ui-button')
    .attr({ role: 'button', tabindex: '0' })
    .each((_index, link) => {
      link.setAttribute('aria-label', shared(link.id.endsWith('-edit') ? 'connection.edit' : 'connection.add'));
    })
    .on('keydown', function press(event) {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      $(this).trigger('click');
    });
  // The id of a connection that is gone: shown as none, which is how it works.
  if (select.val() === null) select.val('_ADD_');
  select.on('change', show);
  ask('seqera/connections').then(
    ({ connections }) => {
      managed = connections;
      show();
    },
    (error: Error) => hint.text(error.message).addClass('seqera-bad'),
  );
}
