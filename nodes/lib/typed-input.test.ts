import { describe, expect, it } from 'vitest';
import { FakeNode, FakeRed } from '../testing/fake-red.ts';
import type { Message, RedNode } from './red.ts';
import { evaluateInputs, flag, type InputSpec, names, number, object, text } from './typed-input.ts';

const red = new FakeRed();
const node = new FakeNode(red, 'n', 't') as unknown as RedNode;

const value = async (spec: InputSpec<unknown>, config: Record<string, unknown>, msg: object = {}): Promise<unknown> =>
  (await evaluateInputs(red.api, node, config, { x: spec }, msg as Message)).x;

describe('a typed input', () => {
  it.each([
    [text(), {}, ''],
    [text(), { x: null }, ''],
    [text(), { x: ' a ' }, 'a'],
    [text(), { x: 70001 }, '70001'],
    [text({ initial: 'workflowId', type: 'msg' }), {}, 'of the message'],
    [text(), { x: 'a.b.c', xType: 'msg' }, ''],
    [text(), { x: '', xType: 'msg' }, ''],
    [text(), { x: '$uppercase(workflowId)', xType: 'jsonata' }, 'OF THE MESSAGE'],
    [text(), { x: 'hello', xType: 'launchpadName' }, 'hello'],
    [number({ initial: 5 }), {}, 5],
    [number({ initial: 5 }), { x: '' }, 5],
    [number({ initial: 5 }), { x: '1' }, 1],
    [number({ initial: 5 }), { x: 2, xType: 'str' }, 2],
    [flag({ initial: true }), {}, true],
    [flag({ initial: true }), { x: false }, false],
    [flag({ initial: false }), { x: 'true' }, true],
    [object(), {}, {}],
    [object(), { x: '' }, {}],
    [object(), { x: '{"a":1}' }, { a: 1 }],
    [object(), { x: 'text', xType: 'msg' }, { a: [2] }],
    [names(), { x: 'a, b,,c' }, ['a', 'b', 'c']],
    [names(), { x: 'list', xType: 'msg' }, ['a', '1']],
  ])('%# gives what was meant', async (spec, config, expected) => {
    const msg = { workflowId: 'of the message', text: '{"a":[2]}', list: ['a', 1] };
    expect(await value(spec, config, msg)).toEqual(expected);
  });

  it.each([
    [text({ required: true }), { x: '' }, /x is empty/],
    [text(), { x: 'o', xType: 'msg' }, /x \(msg\.o\) must be a text, not an object/],
    [number({ initial: 5 }), { x: 'five' }, /x must be a number/],
    [number({ initial: 5, least: 1 }), { x: '0' }, /from 1/],
    [flag({ initial: true }), { x: 'maybe', xType: 'str' }, /true or false/],
    [object(), { x: '{', xType: 'str' }, /no JSON/],
    [object(), { x: '[1]' }, /a list/],
    [text(), { x: '$nope(', xType: 'jsonata' }, /x \(jsonata\) cannot be evaluated/],
    [names(), { x: 'o', xType: 'msg' }, /separated by commas/],
  ])('%# says what is wrong with it', async (spec, config, says) => {
    await expect(value(spec, config, { o: {} })).rejects.toMatchObject({
      code: 'SEQERA_INVALID_INPUT',
      message: expect.stringMatching(says),
    });
  });
});
