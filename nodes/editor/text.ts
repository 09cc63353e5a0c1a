/** What a catalogue entry is called with: `__name__` in the text is replaced by the value. */
export type Values = Record<string, unknown>;

/**
 * A text that all dialogs share. It is in the catalogue of the connection node, because Node-RED keeps one catalogue a
 * node and every dialog of the pack has a connection. The name of the catalogue is asked for: it holds the package's name.
 */
export function shared(key: string, values?: Values): string {
  const catalogue = RED.nodes.registry.getNodeSetForType('seqera-config')?.id ?? '';
  return RED._(`${catalogue}:shared.${key}`, values);
}

/** The same, or null where it has none under that key: a server that is newer than the page can name one. */
export function known(key: string, values?: Values): string | null {
  const text = shared(key, values);
  return text.endsWith(key) ? null : text;
}

/** A text of the node's own catalogue, or null when it has none under that key. */
export function own(node: RedEditorNode, key: string, values?: Values): string | null {
  const text = node._(key, values);
  return text === key ? null : text;
}
