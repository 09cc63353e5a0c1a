import { badRequest } from '../errors.ts';
import { cut, flag, matchesName, oneOf, page, text } from '../query.ts';
import { ok, type Request, type Route } from '../router.ts';
import { labelBody } from '../run-bodies.ts';
import { asObject } from '../values.ts';

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9]|[-_](?=[A-Za-z0-9])){1,38}$/;

function list({ platform, query, principal }: Request) {
  const { workspace } = platform.access(query, principal);
  const limits = page(query, 'Labels', 100);
  const type = oneOf(query, 'type', ['simple', 'resource', 'all'] as const) ?? 'all';
  const isDefault = flag(query, 'isDefault');
  const matches = matchesName(text(query, 'search'));
  const found = workspace.labels.filter(
    (label) =>
      (type === 'all' || label.resource === (type === 'resource')) &&
      (isDefault === undefined || label.isDefault === isDefault) &&
      (matches(label.name) || (label.value !== null && matches(`${label.name}=${label.value}`))),
  );
  return ok({ labels: cut(found, limits).map(labelBody), totalSize: found.length });
}

function create({ platform, query, principal, body, now }: Request) {
  const { workspace } = platform.access(query, principal, 'label:write');
  const { name, value, resource, isDefault } = asObject(body);
  if (typeof name !== 'string' || !NAME.test(name))
    throw badRequest(
      'Label name must contain a minimum of 2 and a maximum of 39 alphanumeric characters separated by dashes or underscores',
    );
  if (resource === true && (typeof value !== 'string' || value === ''))
    throw badRequest('Resource label value cannot be empty');
  if (resource !== true && value !== undefined && value !== null)
    throw badRequest('Only resource labels can have a value');
  const fields = {
    name,
    value: resource === true ? String(value) : null,
    resource: resource === true,
    isDefault: isDefault === true,
  };
  const taken = workspace.labels.some(
    (label) =>
      label.name.toLowerCase() === name.toLowerCase() &&
      label.resource === fields.resource &&
      label.value === fields.value,
  );
  if (taken) throw badRequest(`Label already exists: ${name}`);
  const label = platform.addLabel(workspace, fields, now);
  return ok({
    id: label.id,
    name: label.name,
    ...(label.value === null ? {} : { value: label.value }),
    resource: label.resource,
    isDefault: label.isDefault,
  });
}

export const labelRoutes: readonly Route[] = [
  { method: 'GET', template: '/labels', handle: list },
  { method: 'POST', template: '/labels', handle: create },
];
