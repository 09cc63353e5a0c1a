import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from 'node-red';

/** Node-RED as a node of this pack sees it. */
export type RedApi = NodeAPI;
export type RedNode<Credentials extends object = object> = Node<Credentials>;
export type RedNodeDef = NodeDef;
export type Message = NodeMessageInFlow;
export type Output = NodeMessage | (NodeMessage | NodeMessage[] | null)[];
export type Send = (message: Output) => void;
export type Done = (error?: Error) => void;
