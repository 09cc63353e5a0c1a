import type { Label } from '../entities.ts';
import { badRequest } from '../errors.ts';
import { noContent, type Request, type Route } from '../router.ts';
import { asObject } from '../values.ts';
import { LABELS_PER_RUN } from './launch.ts';

type Change = (before: readonly Label[], given: readonly Label[]) => Label[];

/** Labels of runs that exist. `apply` puts the given ones in the place of all others. */
const change =
  (changed: Change) =>
  ({ platform, query, principal, body }: Request) => {
    const { workspace } = platform.access(query, principal, 'workflow_label:write');
    const { workflowIds, labelIds } = asObject(body);
    if (!Array.isArray(workflowIds) || !Array.isArray(labelIds)) throw badRequest('Workflow and label ids are needed');
    const given = labelIds.map((id) => {
      const label = workspace.labels.find((one) => one.id === id);
      if (!label) throw badRequest('Labels not found');
      return label;
    });
    const runs = workflowIds.map((id) => platform.run(String(id), workspace));
    const after = runs.map((run) => changed(run.labels, given));
    if (after.some(({ length }) => length > LABELS_PER_RUN))
      throw badRequest(`A run cannot have more than ${LABELS_PER_RUN} labels`);
    for (const [index, run] of runs.entries()) run.labels = after[index] ?? [];
    return noContent();
  };

export const workflowLabelRoutes: readonly Route[] = [
  {
    method: 'POST',
    template: '/workflow/labels/add',
    handle: change((before, given) => [...new Set([...before, ...given])]),
  },
  { method: 'POST', template: '/workflow/labels/apply', handle: change((_, given) => [...new Set(given)]) },
  {
    method: 'POST',
    template: '/workflow/labels/remove',
    handle: change((before, given) => before.filter((label) => !given.includes(label))),
  },
];
