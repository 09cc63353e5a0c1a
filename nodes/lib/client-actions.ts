import type { PlatformClient } from './client.ts';
import type { Action } from './schemas.ts';
import type { PlainObject } from './typed-input.ts';
import { segment } from './urls.ts';

/** Loaded with the first answer: whoever only loads the node does not pay for it. */
const schemas = () => import('./schemas.ts');

/** All of them: this list has no pages. */
export async function listActions(client: PlatformClient): Promise<Action[]> {
  const what = 'Listing the actions';
  const { body } = await client.request({ path: '/actions', what, needs: 'role View' });
  const { readAnswer, actions } = await schemas();
  return readAnswer(actions, body, what).actions ?? [];
}

/** Never repeated by itself once it may have taken effect: see `triggerOnce`. */
export async function triggerAction(
  client: PlatformClient,
  { id, name }: Action,
  params: PlainObject,
): Promise<PlainObject & { workflowId: string }> {
  const what = `Triggering the action "${name ?? id}"`;
  const { body } = await client.request({
    method: 'POST',
    path: `/actions/${segment(id)}/launch`,
    body: { params },
    what,
    needs: 'role Launch',
  });
  const { readAnswer, launched } = await schemas();
  return readAnswer(launched, body, what);
}
