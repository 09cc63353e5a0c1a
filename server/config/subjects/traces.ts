import type { Config, TracesConfig } from '../config.ts';
import { fieldsOf, namesOf } from '../field.ts';
import type { Reader } from '../reader.ts';
import { registerSecret } from '../redact.ts';
import { Secret } from '../secret.ts';
import { baseAddress, choice, flag, plain, refuse, secretText } from '../text-types.ts';

const field = fieldsOf('Traces');

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const PAIRS = /^[^\s=,]+=[^,\p{Cc}]*(?:,\s*[^\s=,]+=[^,\p{Cc}]*)*$/u;
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;

const headers = secretText('a comma list of name=value, with % forms for commas and the like in values', (input) => {
  if (input.length < 8) refuse('is too short to hold a key');
  for (const [name, value] of pairsOf(input)) {
    if (!HEADER_NAME.test(name)) refuse('has an entry that does not begin with the name of a header and =');
    if (!/^[\t\x20-\x7e]*$/.test(value)) refuse('has a value that no header can have');
  }
});

const protocol = {
  type: choice(['http/protobuf'], ['grpc', 'http/json']),
  fallback: 'http/protobuf',
  example: 'http/protobuf',
  change: 'Never: it is there so that a setup made for several programs is understood, and another protocol refused.',
} as const;

export const tracesFields = {
  endpoint: field('OTEL_EXPORTER_OTLP_ENDPOINT', {
    type: baseAddress('of an OpenTelemetry collector'),
    fallback: null,
    fallbackText: 'none: no traces',
    example: 'http://collector.example.com:4318',
    does: 'Turns traces on, and says where they are sent: to /v1/traces below this address. See docs/traces.md.',
    change: 'You want to see the way of each message through the flows, and how long each step took.',
    beware: 'Names of flows and nodes and ids of runs leave this machine; contents of messages do not.',
  }),
  tracesEndpoint: field('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', {
    type: baseAddress('that takes traces, with its path'),
    fallback: null,
    example: 'https://collector.example.com/v1/traces',
    does: 'The same for traces alone. It is used as it is, so it has to end in the path, which mostly is /v1/traces.',
    change: 'Your collector takes traces under another path.',
  }),
  headers: field('OTEL_EXPORTER_OTLP_HEADERS', {
    type: headers,
    fallback: null,
    example: 'authorization=Bearer%20…',
    does: 'Headers that are sent along with traces.',
    change: 'Your collector asks for a key.',
  }),
  tracesHeaders: field('OTEL_EXPORTER_OTLP_TRACES_HEADERS', {
    type: headers,
    fallback: null,
    example: 'x-api-key=…',
    does: 'The same for traces alone; of a header in both, this one is sent.',
    change: 'The other variable is shared with programs that need other headers.',
  }),
  protocol: field('OTEL_EXPORTER_OTLP_PROTOCOL', { ...protocol, does: 'How traces are sent to the collector.' }),
  tracesProtocol: field('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', { ...protocol, does: 'The same for traces alone.' }),
  serviceName: field('OTEL_SERVICE_NAME', {
    type: plain('a name', /^\P{Cc}{1,200}$/u, 'has control characters in it, or is longer than 200 characters'),
    fallback: null,
    fallbackText: '`redstart`',
    example: 'redstart-production',
    does: 'Under which name the traces are found.',
    change: 'Several appliances send to the same place.',
  }),
  resource: field('OTEL_RESOURCE_ATTRIBUTES', {
    type: plain('a comma list of name=value', PAIRS, 'is no comma list of name=value'),
    fallback: null,
    example: 'deployment.environment.name=production,team=genomics',
    does: 'What every trace says of where it comes from.',
    change: 'As for OTEL_SERVICE_NAME.',
    beware: 'It is sent as it is: put no secret into it.',
  }),
  sampler: field('OTEL_TRACES_SAMPLER', {
    type: choice(SAMPLERS),
    fallback: 'parentbased_always_on',
    example: 'parentbased_traceidratio',
    does: 'Which traces are recorded. parentbased_… follows the decision of a caller that sent a traceparent header, and decides by the rest of the name where none did.',
    change: 'There are so many messages that a part of them tells enough.',
    beware: 'With parentbased_…, whoever may call an endpoint of your flows decides whether the call is recorded.',
  }),
  samplerArgument: field('OTEL_TRACES_SAMPLER_ARG', {
    type: plain('a number from 0 to 1', /^(?:0|0?\.\d{1,12}|1|1\.0{1,12})$/, 'is not a number from 0 to 1'),
    fallback: null,
    fallbackText: '1',
    example: '0.1',
    does: 'Which part of the traces is recorded, for the samplers that end in traceidratio.',
    change: 'As for OTEL_TRACES_SAMPLER.',
  }),
  disabled: field('OTEL_SDK_DISABLED', {
    type: flag,
    fallback: false,
    example: 'true',
    does: 'Turns traces off whatever else is set.',
    change: 'To be without them for a while.',
  }),
};

/** Of the same family, for what is not sent from here, or said by every program on a platform that sets them for all. */
const FOREIGN =
  /^OTEL_(?:EXPORTER_OTLP_(?:METRICS|LOGS)_|METRIC|LOG|BLRP|RESOURCE_ATTRIBUTES_|NODE_|EXPORTER_PROMETHEUS)/;

export function readTraces(reader: Reader, names: readonly string[]): Pick<Config, 'traces'> {
  const endpoint = reader.get(tracesFields.endpoint);
  const tracesEndpoint = reader.get(tracesFields.tracesEndpoint);
  const texts = [reader.get(tracesFields.headers), reader.get(tracesFields.tracesHeaders)];
  reader.get(tracesFields.protocol);
  reader.get(tracesFields.tracesProtocol);
  const given = attributesOf(reader);
  const name = reader.get(tracesFields.serviceName);
  const sampler = readSampler(reader);
  const disabled = reader.get(tracesFields.disabled);
  const url = tracesEndpoint ?? (endpoint === null ? null : `${endpoint}/v1/traces`);
  if (url === null || disabled) return { traces: null };
  const known = new Set(Object.values(tracesFields).flatMap((one) => namesOf(one)));
  for (const other of names) {
    if (/^OTEL_/.test(other) && !known.has(other) && !FOREIGN.test(other))
      reader.warn(`${other} is not looked at: docs/traces.md has the variables of OpenTelemetry that are`);
  }
  const { 'service.name': named, ...resource } = given;
  return { traces: { url, headers: headersOf(texts), serviceName: name ?? named ?? 'redstart', resource, sampler } };
}

function headersOf(texts: readonly (Secret | null)[]): TracesConfig['headers'] {
  const all = new Map<string, Secret>();
  for (const text of texts) {
    for (const [name, value] of pairsOf(text?.reveal() ?? '')) {
      // "Bearer abc": the second word alone is as much of a secret.
      registerSecret(value.slice(value.lastIndexOf(' ') + 1));
      all.set(name.toLowerCase(), new Secret(value));
    }
  }
  return [...all];
}

function attributesOf(reader: Reader): Record<string, string> {
  const text = reader.get(tracesFields.resource);
  return Object.fromEntries(pairsOf(text ?? ''));
}

function readSampler(reader: Reader): TracesConfig['sampler'] {
  const name = reader.get(tracesFields.sampler);
  const argument = reader.get(tracesFields.samplerArgument);
  const parentBased = name.startsWith('parentbased_');
  if (name.endsWith('traceidratio')) return { parentBased, ratio: Number(argument ?? 1) };
  if (argument !== null) {
    reader.warn(
      `OTEL_TRACES_SAMPLER_ARG means nothing to OTEL_TRACES_SAMPLER=${name}: only to the samplers that end in traceidratio`,
    );
  }
  return { parentBased, ratio: name.endsWith('always_on') ? 1 : 0 };
}

/** `a=b,c=d` with `%` forms in the values, as W3C's baggage header has it. */
function pairsOf(text: string): (readonly [string, string])[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return [part.slice(0, Math.max(0, at)).trim(), decoded(part.slice(at + 1).trim())] as const;
    });
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
