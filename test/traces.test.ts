import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { node, tab, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { OtlpReceiver, type ReceivedSpan } from './support/otlp-receiver.ts';
import { asCaller, connectionTo, platform, post } from './support/platform.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const KEY = 'planted-key-7d1f';

it('traces a request through its nodes, the Platform and a call out, and what comes of its run', async () => {
  await using receiver = await OtlpReceiver.listen();
  const simulator = await platform({ speed: 5 });
  const collector = await Collector.listen();
  const folder = temporaryFolder();

  const input = node('http in', { name: 'Take it', url: '/launch/:sample', method: 'post' });
  const shape = node('function', {
    name: 'Shape it',
    func: "node.warn('shaped'); return { req: msg.req, res: msg.res, payload: { secret: 'planted-payload' } };",
    outputs: 1,
  });
  const launch = node('seqera-workflow-launch', { name: 'Launch it', seqera: '', launchpadName: 'hello' });
  const call = node('http request', { name: 'Tell it', method: 'POST', ret: 'obj', url: `${collector.url}/told` });
  const answer = node('http response', { name: 'Answer', statusCode: '201' });
  const monitor = node('seqera-workflow-monitor', { name: 'Follow it', seqera: '', poll: 1, pollUnits: 'seconds' });
  const ended = node('function', { name: 'It has ended', func: 'return msg;', outputs: 1 });
  wire(input, [shape]);
  wire(shape, [launch]);
  wire(launch, [call, monitor]);
  wire(call, [answer]);
  wire(monitor, [], [ended], []);
  const flow = tab([input, shape, launch, call, answer, monitor, ended], 'tab1', 'Samples');

  // Parts that go by a link and a subflow, an error that is caught, and all of them joined again.
  const parts = node('http in', { url: '/parts', method: 'get' });
  const three = node('function', { name: 'Three', func: 'msg.payload = [1, 2, 3]; return msg;', outputs: 1 });
  const split = node('split', { splt: '\\n', spltType: 'str', arraySplt: 1, arraySpltType: 'len' });
  const out = node('link out', { name: 'Over', mode: 'link' });
  const into = node('link in', { name: 'Here', links: [out.id] });
  out.links = [into.id];
  const box = node('subflow:box', { name: 'Box' });
  const check = node('function', {
    name: 'Check it',
    func: "node.error('planted-words', msg); return msg;",
    outputs: 1,
  });
  const join = node('join', { name: 'Join them', mode: 'auto' });
  const joined = node('http response', { name: 'Joined', statusCode: '200' });
  const caught = node('catch', { name: 'Caught', scope: null });
  wire(parts, [three]);
  wire(three, [split]);
  wire(split, [out]);
  wire(into, [box]);
  wire(box, [check]);
  wire(check, [join]);
  wire(join, [joined]);
  const inner = {
    id: 'inner',
    type: 'function',
    z: 'box',
    name: 'Inner',
    func: 'return msg;',
    outputs: 1,
    wires: [[]],
  };
  const subflow = {
    id: 'box',
    type: 'subflow',
    name: 'Box',
    in: [{ wires: [{ id: 'inner' }] }],
    out: [{ wires: [{ id: 'inner', port: 0 }] }],
  };
  const second = [
    ...tab([parts, three, split, out, into, box, check, join, joined, caught], 'tab2', 'Parts'),
    subflow,
    inner,
  ];

  let spans: ReceivedSpan[] = [];
  {
    await using appliance = await Appliance.start({
      folder,
      permission: true,
      flows: { 'samples.json': flow, 'parts.json': second },
      env: {
        ...connectionTo(simulator, folder),
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${KEY}`,
        OTEL_SERVICE_NAME: 'redstart-test',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
        // The collector is on this machine; flows may only call what is theirs.
        REDSTART_EGRESS_ALLOW: new URL(collector.url).host,
      },
    });
    const response = await appliance.fetch('/api/launch/planted-path?q=planted-query', {
      ...post({ payload: 'planted-body' }),
      headers: { ...asCaller, traceparent: `00-${TRACE}-${CALLER}-01` },
    });
    expect(response.status).toBe(201);
    await receiver.until(() => receiver.spans.some(({ name }) => name === 'It has ended'));
    const line = appliance.lines.find(({ msg }) => msg === 'shaped');
    await appliance.fetch('/api/launch/second', { ...post(), headers: { ...asCaller } });
    expect((await appliance.fetch('/api/parts', { headers: asCaller })).status).toBe(200);
    // Sent by the stop, before the program ends.
    expect(await appliance.stop()).toBe(0);
    spans = receiver.spans;
    const own = spans.filter(({ traceId }) => traceId === TRACE);
    expect(line).toMatchObject({ trace_id: TRACE, span_id: own.find(({ name }) => name === 'Shape it')?.spanId });
    expect(appliance.output).not.toContain(KEY);
    expect(appliance.lines.filter(({ level, component }) => component === 'traces' && level !== 'info')).toEqual([]);
  }
  await simulator.close();

  // One trace, that of the caller, with each node below the one before.
  const trace = spans.filter(({ traceId }) => traceId === TRACE);
  const byName = (name: string): ReceivedSpan => {
    const found = trace.find((span) => span.name === name);
    if (!found) throw new Error(`no span ${name} in ${trace.map((span) => span.name).join(', ')}`);
    return found;
  };
  const parentOf = (name: string): string | undefined =>
    trace.find(({ spanId }) => spanId === byName(name).parentSpanId)?.name;
  const server = byName('POST /api/launch/:sample');
  expect(server).toMatchObject({
    parentSpanId: CALLER,
    kind: 2,
    resource: { 'service.name': 'redstart-test', 'deployment.environment.name': 'test' },
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/api/launch/:sample',
      'http.response.status_code': 201,
      'node_red.node.name': 'Take it',
      'node_red.flow.name': 'Samples',
    },
  });
  expect(parentOf('Shape it')).toBe('POST /api/launch/:sample');
  expect(parentOf('Launch it')).toBe('Shape it');
  expect(parentOf('Tell it')).toBe('Launch it');
  expect(parentOf('Answer')).toBe('Tell it');
  expect(parentOf('Follow it')).toBe('Launch it');
  expect(parentOf('POST /workflow/launch')).toBe('Launch it');
  expect(server.endMs).toBeGreaterThanOrEqual(byName('Answer').startMs);

  // The run is named where it is known, and what comes of it later is a trace of its own, linked to this one.
  const run = simulator.runs[0]?.id;
  for (const name of ['Launch it', 'Tell it', 'Follow it'])
    expect(byName(name).attributes['seqera.workflow.id']).toBe(run);
  const outcome = spans.find(({ name, traceId }) => name === 'It has ended' && traceId !== TRACE);
  expect(outcome?.attributes['seqera.workflow.id']).toBe(run);
  const told = spans.find(({ spanId }) => spanId === outcome?.parentSpanId);
  expect(told).toMatchObject({ name: 'Follow it', parentSpanId: '' });
  expect(told?.links).toEqual([{ traceId: TRACE, spanId: byName('Follow it').spanId }]);

  // The call out carries the span of its node on.
  const called = byName('Tell it');
  expect(called).toMatchObject({ kind: 3, attributes: { 'http.response.status_code': 200 } });
  expect(collector.headers[0]?.traceparent).toBe(`00-${TRACE}-${called.spanId}-01`);

  // A request without the header is a trace of its own.
  const alone = spans.filter(({ name, parentSpanId }) => name === server.name && parentSpanId === '');
  expect(alone).toHaveLength(1);

  // The parts are in one trace, each below the node that it came from.
  const whole = spans.find(({ name }) => name === 'GET /api/parts');
  const ofParts = spans.filter(({ traceId }) => traceId === whole?.traceId);
  const line: string[] = [];
  for (let at = ofParts.find(({ name }) => name === 'Joined'); at; ) {
    line.unshift(at.name);
    const parent: string = at.parentSpanId;
    at = ofParts.find(({ spanId }) => spanId === parent);
  }
  const way = ['GET /api/parts', 'Three', 'split', 'Over', 'Here', 'Box', 'Inner', 'Check it', 'Join them', 'Joined'];
  expect(line).toEqual(way);
  const checks = ofParts.filter(({ name }) => name === 'Check it');
  expect(checks.map(({ status }) => status)).toEqual([2, 2, 2]);
  const caughtOnes = ofParts.filter(({ name }) => name === 'Caught');
  expect(caughtOnes.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(checks.map(({ spanId }) => spanId).sort());

  // Names and ids: nothing of what callers and messages held.
  expect(receiver.requests[0]).toMatchObject({ path: '/v1/traces', headers: { authorization: `Bearer ${KEY}` } });
  expect(Buffer.concat(receiver.requests.map(({ body }) => body)).includes('planted')).toBe(false);
});
