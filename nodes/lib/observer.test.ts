import { describe, expect, it } from 'vitest';
import { endpointOf, messageOf, runOf } from './observer.ts';

describe('the endpoint that a call counts for', () => {
  it.each([
    ['/workflow/launch', '/workflow/launch'],
    ['/workflow/5x9Ab/cancel?workspaceId=1', '/workflow/{id}/cancel'],
    ['/data-links/s3-abc/browse/some/very/deep/path', '/data-links/{id}/browse/{id}/{id}'],
    ['/orgs/1/workspaces', '/orgs/{id}/workspaces'],
    ['/user-info', '/user-info'],
    ['/workspaces/7/datasets/ab/v/2/n/x.csv', '/workspaces/{id}/datasets/{id}/v'],
  ])('%s: %s', (path, endpoint) => expect(endpointOf(path)).toBe(endpoint));
});

describe('the run that a call is about', () => {
  it.each([
    ['/workflow/5x9Ab/cancel', '5x9Ab'],
    ['/workflow/5x9Ab?workspaceId=1', '5x9Ab'],
    ['/workflow/launch', undefined],
    ['/workflow?max=50', undefined],
    ['/workflow', undefined],
    ['/studios/5x9Ab', undefined],
  ])('%s: %s', (path, run) => expect(runOf(path)).toBe(run));
});

describe('the message that a report is about', () => {
  it.each([
    [{ _msgid: 'a1' }, { messageId: 'a1' }],
    [{ _msgid: '' }, {}],
    [{ _msgid: 7 }, {}],
    [{}, {}],
  ])('%j: %j', (msg, told) => expect(messageOf(msg)).toEqual(told));
});
