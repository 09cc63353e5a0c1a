import { ask, forgetAnswers, type Identity, type ManagedConnection, RequestError } from './api.ts';
import { combobox } from './combobox.ts';
import { describeForm, STORED } from './connection.ts';
import { layOut } from './fields.ts';
import { register } from './seqera-node.ts';
import { sources } from './suggestions.ts';
import { own, shared } from './text.ts';
import { baseUrl, type Check, isVariable, workspaceId } from './validate.ts';

const CLOUD = 'https://api.cloud.seqera.io';

register('seqera-config', {
  category: 'config',
  defaults: {
    name: { value: '' },
    baseUrl: { value: CLOUD, validate: (value, _options) => problemOf('baseUrl', baseUrl, value, true) },
    workspaceId: { value: null, validate: (value, _options) => problemOf('workspaceId', workspaceId, value, false) },
  },
  credentials: { token: { type: 'password' } },
  label() {
    return this.name || this._('label');
  },
  oneditprepare() {
    open(this);
  },
  oneditsave() {
    forgetAnswers();
  },
});

// At each deploy the editor warns of configuration nodes that no node uses, and offers to show them. One of the environment
// is there for nodes that name none, and nobody can remove it: of that node alone, and not of its type, it is said that it
// has no users to count.
RED.events.on('nodes:add', (node) => {
  if (node.type !== 'seqera-config') return;
  ask('seqera/connections').then(
    ({ connections }) => {
      if (connections.some(({ id }) => id === node.id)) node._def = { ...node._def, hasUsers: false };
    },
    () => undefined, // then it warns
  );
});

function problemOf(property: string, check: Check, value: unknown, required: boolean): true | string {
  const text = value === null || value === undefined ? '' : String(value).trim();
  const name = shared(`fields.${property}.label`);
  if (text === '') return required ? shared('problems.required', { name }) : true;
  const problem = isVariable(text) ? null : check(text);
  return problem ? `${name}: ${shared(`problems.${problem.key}`, problem.values)}` : true;
}

function open(node: RedEditorNode): void {
  const field = (property: string, icon: string) => {
    const input = $(`#node-config-input-${property}`);
    const {
      row,
      field: box,
      hint,
    } = layOut(input, own(node, `fields.${property}.label`) ?? shared(`fields.${property}.label`), icon);
    const text = own(node, `fields.${property}.hint`) ?? '';
    hint.text(text);
    const say = (message: string, tone: 'good' | 'bad' | '' = '') => {
      hint
        .text(message || text)
        .toggleClass('seqera-good', tone === 'good')
        .toggleClass('seqera-bad', tone === 'bad');
      input.attr('aria-invalid', String(tone === 'bad'));
    };
    return { input, row, box, say, text: () => String(input.val() ?? '').trim() };
  };
  const name = field('name', 'tag');
  const address = field('baseUrl', 'globe');
  const token = field('token', 'key');
  const workspace = field('workspaceId', 'sitemap');
  address.input.attr({ placeholder: CLOUD, 'aria-required': 'true' });
  const tell = (of: typeof address, property: string, check: Check, required: boolean) => {
    const problem = problemOf(property, check, of.text(), required);
    if (problem === true) of.say('');
    else of.say(problem, 'bad');
  };
  address.input.on('change', () => tell(address, 'baseUrl', baseUrl, true));

  const form = (workspaceId: string) =>
    describeForm(node, { baseUrl: address.text(), token: token.text(), workspaceId });
  const { button } = combobox(workspace.input.get(0) as HTMLInputElement, {
    suggest: (typed) => sources.workspaces({ connection: form(''), workspaceId: undefined }, typed),
    enabled: () => true,
    onPick: ({ label, group, detail }) => workspace.say([group, label, detail].filter(Boolean).join(' · '), 'good'),
  });
  workspace.box.append(button);
  workspace.input.on('input', () => workspace.say(''));
  workspace.input.on('blur', () => {
    if (problemOf('workspaceId', workspaceId, workspace.text(), false) !== true)
      tell(workspace, 'workspaceId', workspaceId, false);
  });

  // A stored token belongs to the address that it was stored with. Another address needs it typed again.
  const stored = token.text() === STORED;
  const storedFor = address.text();
  address.input.on('input change', () => {
    const moved = stored && address.text() !== storedFor;
    if (moved && token.text() === STORED) token.input.val('').trigger('change');
    if (stored && !moved && token.text() === '') token.input.val(STORED).trigger('change');
    token.say(moved ? shared('refusals.tokenBelongs', { baseUrl: storedFor }) : '', moved ? 'bad' : '');
  });

  const result = $('#seqera-config-check-result');
  const check = $('#seqera-config-check').on('click', () => {
    forgetAnswers();
    check.prop('disabled', true);
    result
      .empty()
      .append(
        $('<p>').append(
          $('<i class="fa fa-spinner fa-spin" aria-hidden="true">'),
          document.createTextNode(` ${own(node, 'check.asking')}`),
        ),
      );
    ask('seqera/identity', { connection: form(workspace.text()) })
      .then(
        (identity) => showIdentity(node, result, identity),
        (error: unknown) => showFailure(result, error),
      )
      .finally(() => check.prop('disabled', false));
  });
  check.find('span').text(own(node, 'check.button') ?? '');

  ask('seqera/connections').then(
    ({ connections }) => {
      const managed = connections.find(({ id }) => id === node.id);
      if (managed) showManaged(node, managed);
    },
    () => undefined, // says the check, when it is asked for
  );

  /** The environment rules this one: it is shown, not edited, and its token is not shown at all. */
  function showManaged(of: RedEditorNode, managed: ManagedConnection): void {
    for (const { input } of [name, address, workspace]) input.prop('disabled', true);
    button.remove();
    token.row.hide();
    address.input.val(managed.baseUrl);
    workspace.input.val(managed.workspaceId ?? '');
    address.say(' ');
    if (!managed.workspaceId) workspace.say(own(of, 'personal') ?? '');
    $('#seqera-config-managed')
      .empty()
      .append($('<i class="fa fa-lock" aria-hidden="true">'), $('<div>').text(own(of, 'managed') ?? ''))
      .show();
  }
}

function showIdentity(node: RedEditorNode, result: JQuery, identity: Identity): void {
  const { user, service, workspace } = identity;
  const platform = [service.version, service.apiVersion && own(node, 'check.api', { version: service.apiVersion })]
    .filter(Boolean)
    .join(' · ');
  const rows: [string, string][] = [
    ['check.user', user.email ? `${user.userName} (${user.email})` : user.userName],
    ['check.platform', platform ? `${identity.baseUrl} (${platform})` : identity.baseUrl],
  ];
  if (workspace) {
    rows.push(
      ['check.workspace', `${workspace.organisation} / ${workspace.name}`],
      ['check.role', workspace.roles.join(', ')],
    );
  } else if (identity.workspaceId === null) rows.push(['check.workspace', own(node, 'personal') ?? '']);
  rows.push(...nodeRows(node, identity));
  const list = $('<dl>');
  for (const [key, value] of rows) list.append($('<dt>').text(own(node, key) ?? key), $('<dd>').text(value));
  result.empty();
  if (workspace || identity.workspaceId === null) result.append(list);
  else result.append(list, $('<p class="seqera-problem">').text(shared('problems.workspaceUnseen')));
}

/** Which nodes the role allows, and what the others need. */
function nodeRows(node: RedEditorNode, { nodes, workspace, workspaceId }: Identity): [string, string][] {
  if (!workspace && workspaceId !== null) return [];
  if (!nodes) return [['check.nodes', own(node, 'check.unknownRole') ?? '']];
  const allowed = nodes.filter((each) => each.allowed).map(({ type }) => nameOf(type));
  const refused = nodes
    .filter((each) => !each.allowed)
    .map(({ type, needs }) => own(node, 'check.needs', { node: nameOf(type), role: needs }) ?? type);
  if (refused.length === 0) return [['check.nodes', own(node, 'check.all') ?? '']];
  return [
    ['check.nodes', allowed.join(', ')],
    ['check.refused', refused.join(', ')],
  ];
}

/** As the palette shows it. */
function nameOf(type: string): string {
  const catalogue = RED.nodes.registry.getNodeSetForType(type)?.id;
  const label = catalogue ? RED._(`${catalogue}:paletteLabel`) : type;
  return label.endsWith('paletteLabel') ? type : label;
}

function showFailure(result: JQuery, error: unknown): void {
  const code = error instanceof RequestError ? ` (${error.code})` : '';
  const message = error instanceof Error ? error.message : String(error);
  result.empty().append($('<p class="seqera-problem">').text(`${message}${code}`));
}
