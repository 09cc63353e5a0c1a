/** What happened in a rehearsal, in order. Times are virtual, in milliseconds since 1970. */
export type RehearsalEvent = { at: number } & (
  | { kind: 'message'; node: NodeName; msgid: string /** Only of nodes that somebody asks about. */; msg: unknown }
  | { kind: 'sent'; from: NodeName; port: number; to: string; msgid: string }
  | {
      kind: 'call';
      method: string;
      path: string;
      route: string | null;
      query: unknown;
      body: unknown;
      call: { status: number };
    }
  | { kind: 'http'; method: string; url: string; headers: unknown; body: unknown; refused: boolean }
  | { kind: 'status'; node: NodeName; text: string; fill: string | null; shape: string | null }
  | { kind: 'error'; node: NodeName; text: string; code: string | null; caught: boolean; msgid: string | null }
  | { kind: 'answer'; step: number; status: number; headers: unknown; body: unknown }
);

export interface NodeName {
  /** In the flow file: of a node within a subflow, that of the subflow's own node. */
  id: string;
  type: string;
  name: string;
}

/** `Launch hello` as a person knows it, or the type where it has no name. */
export const titleOf = ({ name, type }: NodeName): string => name || type;
