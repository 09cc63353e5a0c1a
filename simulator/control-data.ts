import { z } from 'zod';
import type { NewDataLink, SimulatedData } from './data-views.ts';
import { badRequest } from './errors.ts';
import type { Answer } from './router.ts';
import { generatedObjects } from './scenario-data.ts';

const newDataLink = z.strictObject({
  name: z.string().min(1),
  provider: z.enum(['aws', 'google', 'azure', 'azure_entra', 'azure-cloud', 'seqeracompute', 's3']).optional(),
  resourceRef: z.string().optional(),
  workspaceId: z.int().nullable().optional(),
  publicAccessible: z.boolean().optional(),
});
const object = z.strictObject({ path: z.string(), size: z.int().min(0).optional(), content: z.string().optional() });
const removal = z.strictObject({ path: z.string() });
const studioStatus = z.strictObject({
  status: z.enum(['starting', 'building', 'running', 'stopping', 'stopped', 'errored', 'buildFailed']),
  message: z.string().optional(),
  stopReason: z.enum(['CREDITS_RUN_OUT', 'LIFESPAN_EXPIRED', 'SPOT_RECLAMATION', 'NO_STATS_AVAIL']).optional(),
});

const done: Answer = { status: 204 };
const answer = (body: unknown): Answer => ({ status: 200, body });

/** What `SimulatedData` offers, over HTTP. undefined: there is no such control endpoint. */
export function controlData(
  simulator: SimulatedData,
  method: string,
  path: string,
  body: () => unknown,
): Answer | undefined {
  const [things, encoded, part, ...more] = path.split('/').slice(1);
  if (more.length > 0) return undefined;
  const name = encoded === undefined ? '' : decoded(encoded);
  switch ([method, things, ...(encoded === undefined ? [] : ['{}']), ...(part === undefined ? [] : [part])].join(' ')) {
    case 'GET data-links':
      return answer({ dataLinks: simulator.dataLinks });
    case 'POST data-links':
      return answer(simulator.addDataLink(given(newDataLink, body()) as NewDataLink));
    case 'DELETE data-links {}':
      simulator.removeDataLink(name);
      return done;
    case 'GET data-links {} objects':
      return answer({ objects: [...simulator.objects(name)] });
    case 'PUT data-links {} objects': {
      const { path: place, size, content } = given(object, body());
      simulator.putObject(name, place, size, content);
      return done;
    }
    case 'DELETE data-links {} objects':
      simulator.removeObject(name, given(removal, body()).path);
      return done;
    case 'POST data-links {} generate':
      simulator.generateObjects(name, given(generatedObjects, body()));
      return done;
    case 'GET datasets':
      return answer({ datasets: simulator.datasets.map(withText) });
    case 'GET studios':
      return answer({ studios: simulator.studios });
    case 'PUT studios {} status': {
      const { status, message, stopReason } = given(studioStatus, body());
      simulator.setStudioStatus(name, status, {
        ...(message === undefined ? {} : { message }),
        ...(stopReason === undefined ? {} : { stopReason }),
      });
      return answer(simulator.studio(name));
    }
    case 'GET actions':
      return answer({ actions: simulator.actions });
    default:
      return undefined;
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw badRequest(`Malformed name in the path: ${name}`);
  }
}

const withText = (dataset: SimulatedData['datasets'][number]) => ({
  ...dataset,
  versions: dataset.versions.map((version) => ({ ...version, content: version.content.toString('utf8') })),
});

/** @throws ApiError 400 that names what is wrong */
function given<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw badRequest(
    result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '),
  );
}
