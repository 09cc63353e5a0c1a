/** What the check needs to know of a node type. */
export interface NodeType {
  /** A configuration node: others refer to it, no wire does. */
  config?: true;
  /** 0: no wire may end here. */
  inputs: number;
  /** Properties that hold the id of a configuration node, with its type; `!` at its end: must be set. */
  refs?: Readonly<Record<string, string>>;
  /** Properties with a companion `…Type`, and what that is when it is missing. */
  typed?: Readonly<Record<string, string>>;
  /** Properties that must not be empty; with `when set`, one that is left out has a default. */
  required?: Readonly<Record<string, 'always' | 'when set'>>;
  /** Names of its credentials: they belong into the credentials file never into a flow. */
  credentials?: readonly string[];
}
