/** Small pieces of flow files, so that a test shows what matters to it and not twenty lines of coordinates. */

export type FlowNode = Record<string, unknown> & { id: string; type: string };

let serial = 0;

export function node(type: string, properties: Record<string, unknown> = {}): FlowNode {
  serial += 1;
  return {
    id: `n${serial.toString(16).padStart(8, '0')}`,
    type,
    z: 'tab1',
    x: 100,
    y: 40 * serial,
    wires: [],
    ...properties,
  };
}

export function tab(nodes: FlowNode[], id = 'tab1', label = 'Test'): FlowNode[] {
  return [{ id, type: 'tab', label }, ...nodes.map((each) => ({ ...each, z: id }))];
}

/** Wires outputs: `wire(a, [b], [c])` sends a's first output to b and its second to c. */
export function wire(from: FlowNode, ...outputs: FlowNode[][]): FlowNode {
  from.wires = outputs.map((targets) => targets.map((target) => target.id));
  return from;
}

/** Sends the properties named of each message to the collector under a path. */
export function report(url: string, path: string, properties: string[]): FlowNode[] {
  const pick = properties.map((name) => `${JSON.stringify(name)}: msg[${JSON.stringify(name)}]`).join(', ');
  const send = node('http request', { method: 'POST', ret: 'obj', url: `${url}${path}`, senderr: false });
  const picker = node('function', {
    func: `return { payload: { ${pick} }, headers: { 'content-type': 'application/json' } };`,
    outputs: 1,
  });
  return [wire(picker, [send]), send];
}

/** `POST /api/<path>` starts the flow; the caller gets 202 at once. */
export function trigger(path: string, next: FlowNode[]): FlowNode[] {
  const accepted = node('http response', { statusCode: '202' });
  const input = node('http in', { url: path, method: 'post' });
  return [wire(input, [...next, accepted]), accepted];
}

/** Errors of the whole tab, as a Catch node sees them. */
export function errors(url: string, path = '/errors'): FlowNode[] {
  const shape = node('function', {
    func: "return { payload: { message: msg.error.message, code: msg.error.code, source: msg.error.source, custom: msg.custom }, headers: { 'content-type': 'application/json' } };",
    outputs: 1,
  });
  const send = node('http request', { method: 'POST', ret: 'obj', url: `${url}${path}` });
  const caught = node('catch', { scope: null });
  return [wire(caught, [shape]), wire(shape, [send]), send];
}
