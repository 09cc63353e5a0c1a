import type { Problem } from './problem.ts';
import { isKnown, nearestName } from './schema.ts';
import type { Sources } from './sources.ts';

/** A misspelt protection must not be silently missing: every REDSTART_ variable that nobody knows is a problem. */
export function unknownNames(sources: Sources): Problem[] {
  return sources
    .names()
    .filter((name) => /^redstart_/i.test(name) && !isKnown(name))
    .filter((name) => !isServiceLink(name, sources.get(name)?.text ?? ''))
    .sort()
    .map((name) => {
      const nearest = nearestName(name);
      const where = sources.get(name)?.source === '.env' ? ' (in .env)' : '';
      return {
        variable: name,
        problem: `is not known${where}${nearest ? `: did you mean ${nearest}?` : ''}`,
        expected: 'a variable of docs/environment.md; no others may begin with REDSTART_',
        example: nearest ? `${nearest}=…` : `unset ${name}`,
      };
    });
}

/**
 * Kubernetes tells every pod about a Service called "redstart" in variables of the form that Docker links had:
 * REDSTART_SERVICE_HOST, REDSTART_PORT=tcp://…, REDSTART_PORT_1880_TCP_ADDR and so on. Nobody misspelt those.
 */
function isServiceLink(name: string, value: string): boolean {
  const ends = /^REDSTART_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR))$/;
  if (ends.test(name)) return true;
  return /^REDSTART_(\w+_)?PORT(_\d+_(TCP|UDP|SCTP))?$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value);
}
