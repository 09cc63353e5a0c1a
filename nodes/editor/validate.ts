// What a field may hold. Each returns null, or the key of the text (under `problems`) that says what is wrong.

/** Why a value is refused: a key of the shared catalogue and what to fill in there. */
export interface Problem {
  key: string;
  values?: Record<string, unknown>;
}

export type Check = (value: string) => Problem | null;

/** Nextflow's rule for run names (it ignores case), and the Platform's limit of 80. */
export const runName: Check = (value) =>
  value.length <= 80 && /^[a-z](?:[a-z\d]|[-_](?=[a-z\d]))*$/i.test(value) ? null : { key: 'runName' };

export const workspaceId: Check = (value) => (/^\d+$/.test(value) ? null : { key: 'workspaceId' });

/** Simple labels, separated by commas or line breaks: 2 to 39 letters and digits, single `-` or `_` between them. */
export const labels: Check = (value) => {
  for (const name of value.split(/[,\n]/).map((part) => part.trim())) {
    const well = name.length >= 2 && name.length <= 39 && /^[a-z\d]+(?:[-_][a-z\d]+)*$/i.test(name);
    if (name !== '' && !well) return { key: 'label', values: { name } };
  }
  return null;
};

export const jsonObject: Check = (value) => {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? null : { key: 'jsonObject' };
  } catch (error) {
    return { key: 'json', values: { reason: error instanceof Error ? error.message : String(error) } };
  }
};

export const baseUrl: Check = (value) => {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return { key: 'baseUrl' };
  }
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return plain && (url.protocol === 'https:' || url.protocol === 'http:') ? null : { key: 'baseUrl' };
};

export const positive: Check = (value) => {
  const number = Number(value);
  return value.trim() !== '' && Number.isFinite(number) && number > 0 ? null : { key: 'positive' };
};

export const notNegative: Check = (value) =>
  value.trim() !== '' && Number.isFinite(Number(value)) && Number(value) >= 0 ? null : { key: 'notNegative' };

export const wholeNumber: Check = (value) => (/^\d+$/.test(value) ? null : { key: 'whole' });

export const atMost =
  (most: number): Check =>
  (value) =>
    value.length <= most ? null : { key: 'tooLong', values: { most } };

export const json: Check = (value) => {
  try {
    JSON.parse(value);
    return null;
  } catch (error) {
    return { key: 'json', values: { reason: error instanceof Error ? error.message : String(error) } };
  }
};

/** Below the address of the connection, with `{placeholders}` for what comes with the message. */
export const apiPath: Check = (value) => {
  const leaves = /^[a-z][a-z\d+.-]*:|^\/\/|\\|%(?:2f|5c|2e)|(?:^|\/)\.{1,2}(?:\/|$)/i.test(value);
  return leaves || /[?#]/.test(value) ? { key: 'apiPath' } : null;
};

/** As the server compiles it: JavaScript's own, and RE2's flags in front such as `(?i)`. */
export const regularExpression: Check = (value) => {
  try {
    new RegExp(value.replace(/^\(\?[imsU]+\)/, ''));
    return null;
  } catch (error) {
    return { key: 'pattern', values: { reason: error instanceof Error ? error.message : String(error) } };
  }
};

export const depth: Check = (value) => (/^(?:-1|\d{1,4})$/.test(value) ? null : { key: 'depth' });

export const count: Check = (value) => (/^[1-9]\d{0,6}$/.test(value) ? null : { key: 'count' });

/** `${VARIABLE}` as the whole value: Node-RED fills it in when the flow starts, so nothing can be said about it here. */
export const isVariable = (value: string): boolean => /^\$(\{[^}]+\}|\([^)]+\))$/.test(value);
