/** A notice that every editor shows when it opens, until there is none of its id any more. */
export interface EditorNotice {
  id: string;
  retain: boolean;
  payload: { type?: 'warning'; text?: string; timeout?: number };
}

export interface Stopped {
  held(): readonly { flowLabel: string }[];
  refused(): readonly { flowLabel: string; nodeName: string; group: string }[];
}

/** Without a time it could not be closed, and would lie over every dialog's buttons. */
const SHOWN_MS = 30_000;

/** Tells editors which flows are disabled against what their files say. To be called when flows have started. */
export function createEditorNotices(stopped: Stopped, emit: (notice: EditorNotice) => void): { tell(): void } {
  const shown = new Map<string, string>();

  const show = (id: string, text: string): void => {
    if (text === (shown.get(id) ?? '')) return;
    shown.set(id, text);
    emit({ id, retain: text !== '', payload: text === '' ? {} : { type: 'warning', text, timeout: SHOWN_MS } });
  };

  return {
    tell() {
      const held = stopped.held().map(({ flowLabel }) => quoted(flowLabel));
      show(
        'redstart-held',
        held.length === 0
          ? ''
          : `Held back, as the program went down because of it&#58; ${held.join(', ')}. The log says what happened. Mend it, enable it, deploy.`,
      );
      const refused = stopped
        .refused()
        .map(({ flowLabel, nodeName, group }) => `${quoted(flowLabel)} (node ${quoted(nodeName)}, ${group})`);
      show(
        'redstart-refused',
        refused.length === 0
          ? ''
          : `Disabled, as it uses what is off here&#58; ${refused.join(', ')}. REDSTART_NODES_ALLOW would open it.`,
      );
    },
  };
}

/** As HTML, which the text is taken for. Before that it is taken for the name of a text, in which colons and more have a meaning. */
function quoted(label: string): string {
  return `“${label.replace(/[^\p{L}\p{N} .,-]/gu, (character) => `&#${character.codePointAt(0)};`)}”`;
}
