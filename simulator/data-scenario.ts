import type { Action } from './actions/action.ts';
import { pick } from './data-access.ts';
import type { DataLink } from './data-links/data-link.ts';
import { generateObjects } from './data-links/generate-objects.ts';
import type { Platform } from './platform.ts';
import { type ParsedScenario, ScenarioError } from './scenario.ts';

interface Resolved {
  links: { link: DataLink; wanted: ParsedScenario['dataLinks'][string] }[];
  actions: { action: Action; status: Action['status'] }[];
}

/** What the names of a scenario stand for. @throws ScenarioError with all that stand for nothing, or for several */
export function resolveData(platform: Platform, scenario: ParsedScenario, now: number): Resolved {
  const problems: string[] = [];
  const resolve = <T extends { id: string; name: string }>(what: string, all: readonly T[], name: string) => {
    try {
      const found = pick(all, name);
      if (!found) problems.push(`${what}: there is no ${name}, there are ${all.map((one) => one.name).join(', ')}`);
      return found ? [found] : [];
    } catch (error) {
      problems.push(`${what}: ${(error as RangeError).message}`);
      return [];
    }
  };
  const all = platform.dataLinks.all(now);
  const links = Object.entries(scenario.dataLinks).flatMap(([name, wanted]) =>
    resolve('dataLinks', all, name).map((link) => ({ link, wanted })),
  );
  const actions = Object.entries(scenario.actions).flatMap(([name, { status }]) =>
    resolve('actions', platform.actions, name).map((action) => ({ action, status })),
  );
  if (problems.length > 0) throw new ScenarioError(problems, 'scenario');
  return { links, actions };
}

export function applyData(platform: Platform, scenario: ParsedScenario, { links, actions }: Resolved, now: number) {
  platform.dataLinks.setLoading(scenario.dataLinksLoadingFor, now);
  for (const { link, wanted } of links) {
    link.status = wanted.status ?? link.status;
    link.message = wanted.message ?? link.message;
    if (wanted.objects) generateObjects(link.objects, wanted.objects);
  }
  platform.dataLinks.schedule(
    links.flatMap(({ link, wanted }) => wanted.changes.map((change) => ({ link, change }))),
    now,
  );
  platform.studios.setRules(scenario.studios);
  for (const { action, status } of actions) action.status = status;
}
