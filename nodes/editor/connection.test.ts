import { afterEach, describe, expect, it } from 'vitest';
import { describeConnection, describeForm, STORED } from './connection.ts';

const page = globalThis as { RED?: unknown };
const withNode = (node: object | null) => {
  page.RED = { nodes: { node: () => node } };
};
afterEach(() => {
  delete page.RED;
});

const CLOUD = 'https://api.cloud.seqera.io';

describe('which connection a dialog asks through', () => {
  it('none, or one that is gone: the default connection', () => {
    withNode(null);
    for (const id of ['', '_ADD_', 'gone']) expect(describeConnection(id)).toEqual({});
  });

  it('a deployed one: its id and nothing else', () => {
    withNode({ id: 'a', baseUrl: CLOUD, workspaceId: '1', credentials: { token: STORED } });
    expect(describeConnection('a')).toEqual({ id: 'a' });
  });

  it('a changed one with its stored token: the address goes along, to be compared', () => {
    withNode({ id: 'a', changed: true, baseUrl: 'https://new', workspaceId: 7, credentials: { has_token: true } });
    expect(describeConnection('a')).toEqual({ id: 'a', baseUrl: 'https://new', workspaceId: '7' });
  });

  it('one with a token that was typed and is not deployed: token and address', () => {
    withNode({ id: 'a', changed: true, baseUrl: CLOUD, workspaceId: null, credentials: { token: 't' } });
    expect(describeConnection('a')).toEqual({ baseUrl: CLOUD, token: 't', workspaceId: '' });
  });

  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how Node-RED writes a variable
  const VARIABLE = '${TOWER_WORKSPACE_ID}';

  it('leaves a workspace that is a variable to the server', () => {
    withNode({ id: 'a', changed: true, baseUrl: CLOUD, workspaceId: VARIABLE, credentials: { token: 't' } });
    expect(describeConnection('a')).toEqual({ baseUrl: CLOUD, token: 't' });
  });

  it('an open dialog: what its fields say, the address only when it was touched', () => {
    const node = { id: 'a', baseUrl: CLOUD } as unknown as Parameters<typeof describeForm>[0];
    const form = { baseUrl: CLOUD, token: STORED, workspaceId: '7' };
    expect(describeForm(node, form)).toEqual({ id: 'a', workspaceId: '7' });
    expect(describeForm(node, { ...form, baseUrl: 'https://new' })).toEqual({
      id: 'a',
      baseUrl: 'https://new',
      workspaceId: '7',
    });
    expect(describeForm(node, { ...form, token: 't' })).toEqual({ baseUrl: CLOUD, token: 't', workspaceId: '7' });
  });
});
