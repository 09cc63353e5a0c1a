import type { PlatformClient } from './client.ts';
import { NodeHost } from './node-host.ts';
import type { Message, RedApi, RedNode, RedNodeDef } from './red.ts';
import type { InputSpecs, InputValues, PlainObject } from './typed-input.ts';

export interface RunContext<S extends InputSpecs> {
  host: NodeHost;
  msg: Message;
  inputs: InputValues<S>;
  /** For the node's connection and workspace; stops with the node and shows retries in its status. */
  client: PlatformClient;
  workspaceId: string | null;
}

export interface CallingNode<S extends InputSpecs> {
  type: string;
  inputs: S;
  /** Status while it works, such as `launching`. */
  doing: string;
  /** Made once for each node, for what lasts longer than a message. */
  prepare?: (host: NodeHost) => void;
  /** @returns what is set on the message before it goes out, and the status text */
  run(context: RunContext<S>): Promise<{ set: PlainObject; status: string }>;
}

/** What Node-RED loads: registers the type, and gives each node to `setup`. */
export const defineNode =
  (type: string, setup: (host: NodeHost) => void) =>
  (RED: RedApi): void => {
    RED.nodes.registerType(type, function (this: RedNode, def: RedNodeDef): void {
      RED.nodes.createNode(this, def);
      setup(new NodeHost(RED, this, def as unknown as PlainObject));
    });
  };

/** A node with one input and one output that makes calls and sets properties on the message. */
export const defineCallingNode = <S extends InputSpecs>({ type, inputs, doing, prepare, run }: CallingNode<S>) =>
  defineNode(type, (host) => {
    prepare?.(host);
    host.onInput(async (msg, send) => {
      host.status('working', host.busy > 1 ? `${doing} (${host.busy})` : doing);
      const values = await host.evaluate(inputs, msg);
      const { client, workspaceId } = await host.place(msg);
      const { set, status } = await run({ host, msg, inputs: values, client, workspaceId });
      Object.assign(msg, set);
      send(msg);
      host.status('ok', status);
    });
  });
