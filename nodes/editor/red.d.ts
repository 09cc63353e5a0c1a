// The part of Node-RED's editor that the dialogs use. Ambient: the editor puts RED and jQuery on the page.
// (Node-RED's published editor types pull all of Node's in with them, which a browser script must not see.)

interface RedEditorNode {
  id: string;
  type: string;
  name?: string;
  changed?: boolean;
  valid?: boolean;
  credentials?: Record<string, unknown>;
  _def: { type: string; hasUsers?: boolean };
  _(key: string, values?: Record<string, unknown>): string;
  [property: string]: unknown;
}

interface RedPropertyDefinition {
  value: unknown;
  required?: boolean;
  type?: string;
  label?: string;
  /** Two arguments: only then does the editor accept a text as the reason. */
  validate?: (this: RedEditorNode, value: unknown, options?: unknown) => boolean | string;
}

interface RedNodeDefinition {
  category: string;
  defaults: Record<string, RedPropertyDefinition>;
  credentials?: Record<string, { type: 'password' | 'text' }>;
  color?: string;
  icon?: string;
  inputs?: number;
  outputs?: number;
  label?: (this: RedEditorNode) => string;
  labelStyle?: (this: RedEditorNode) => string;
  paletteLabel?: (this: RedEditorNode) => string;
  inputLabels?: (this: RedEditorNode, index: number) => string;
  outputLabels?: (this: RedEditorNode, index: number) => string;
  oneditprepare?: (this: RedEditorNode) => void;
  oneditsave?: (this: RedEditorNode) => void;
  oneditcancel?: (this: RedEditorNode) => void;
  oneditdelete?: (this: RedEditorNode) => void;
  [extra: string]: unknown;
}

interface RedTypedInputOptions {
  default: string;
  types: readonly (string | { value: string; options: { value: string; label: string }[] })[];
  typeField: JQuery;
}

interface RedEditableListOptions<T> {
  addButton?: string | boolean;
  addItem: (row: JQuery, index: number, data: T) => void;
  removable?: boolean;
  sortable?: boolean;
  height?: number | 'auto';
}

interface JQuery {
  typedInput(options: RedTypedInputOptions): JQuery;
  typedInput(method: 'type' | 'value'): string;
  typedInput(method: 'type' | 'value', value: string): void;
  typedInput(method: 'disable', off: boolean): void;
  editableList<T>(options: RedEditableListOptions<T>): JQuery;
  editableList(method: 'addItem', data: unknown): void;
  editableList(method: 'items'): JQuery;
}

declare const RED: {
  _(key: string, values?: Record<string, unknown>): string;
  nodes: {
    registerType(type: string, definition: RedNodeDefinition): void;
    getType(type: string): (RedNodeDefinition & { set?: { id: string } }) | undefined;
    node(id: string): RedEditorNode | null;
    registry: { getNodeSetForType(type: string): { id: string } | undefined };
  };
  utils: { validateTypedProperty(value: unknown, type: string, options: unknown): boolean | string };
  events: {
    on(event: 'nodes:add', listener: (node: RedEditorNode) => void): void;
    on(event: string, listener: (value: { types?: string[] }) => void): void;
  };
};
