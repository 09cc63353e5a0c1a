/**
 * Puts what names stand for where Node-RED looks up `${…}`. They have a colon in them, which no variable of a shell can
 * have: nothing that somebody sets is overwritten.
 */
export function setFlowNames(names: ReadonlyMap<string, string>, before: Iterable<string>): void {
  for (const name of before) delete process.env[name];
  for (const [name, value] of names) process.env[name] = value;
}
