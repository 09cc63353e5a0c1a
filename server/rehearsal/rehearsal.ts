import type { FlowNode } from '../flows/flow-node.ts';
import type { NodeName, RehearsalEvent } from './rehearsal-event.ts';
import type { Expectation, Fixture, RehearsalText, Step } from './rehearsal-schema.ts';
import type { Place } from './yaml-places.ts';

/** One rehearsal with all that it needs, ready to be run in another process. */
export interface Rehearsal {
  file: string;
  name: string;
  place: Place;
  /** The flows that run. */
  nodes: FlowNode[];
  platform: NonNullable<RehearsalText['platform']>;
  /** Virtual milliseconds since 1970. */
  at: number;
  env: Record<string, string>;
  /** By node id, then by field. */
  credentials: Record<string, Record<string, string>>;
  http: Fixture[];
  steps: Placed<Step>[];
  expect: Placed<Expectation>[];
  never: Placed<Expectation>[];
  inOrder: boolean;
  timeoutMs: number;
}

/** Something that is written in a file, with the places of all its parts by their path, joined by dots. */
export interface Placed<T> {
  what: T;
  /** The nodes that it names, found in the flows. */
  nodeIds: string[];
  places: Record<string, Place>;
}

export interface Failure {
  place: Place;
  message: string;
  /** What helps to see why, a line each. */
  details: string[];
}

export interface RehearsalResult {
  failures: Failure[];
  /** Real time. */
  ms: number;
  /** Virtual time that passed. */
  virtualMs: number;
  /** Ids of nodes that were reached, and wires as `from port to`. */
  covered: { nodes: string[]; wires: string[] };
}

export interface Outcome {
  events: RehearsalEvent[];
  /** Messages that a node has and has not ended with. */
  held: { node: NodeName; count: number }[];
}
