/** A line of a text that changed, with a few around it that did not. */
export interface ChangedLine {
  change: 'added' | 'removed' | 'kept' | 'skipped';
  text: string;
}

export interface PropertyChange {
  /** `rules[0].to` */
  path: string;
  /** Left out where there was or is none, and where it is a secret. */
  before?: unknown;
  after?: unknown;
  /** Of texts of several lines, instead of the two. */
  lines?: ChangedLine[];
  /** Changed in a part that is a secret and not shown. */
  secret?: true;
}

export interface WireChange {
  change: 'added' | 'removed';
  /** `output 1`, of a subflow also `input`; `link` for link nodes. */
  from: string;
  to: NodeName;
}

export interface NodeName {
  id: string;
  type: string;
  /** Empty when it has none. */
  name: string;
}

export interface NodeChange extends NodeName {
  change: 'added' | 'removed' | 'changed';
  /** The flow that it was moved out of. */
  movedFrom?: string;
  properties: PropertyChange[];
  wires: WireChange[];
}

/** What changed in a tab or subflow, or among the global configuration nodes. */
export interface FlowChange {
  kind: 'tab' | 'subflow' | 'global';
  id: string | null;
  name: string;
  change: 'added' | 'removed' | 'changed';
  /** Of the tab or subflow itself. */
  properties: PropertyChange[];
  wires: WireChange[];
  nodes: NodeChange[];
}
