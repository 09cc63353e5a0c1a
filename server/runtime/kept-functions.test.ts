import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import vm, { type Context } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepFunctions } from './kept-functions.ts';

const { Script } = vm;
const code = (func: string): string =>
  `var results = null;results = (async function(msg,__send__,__done__){ var __msgid__ = msg._msgid;\n${func}\n})(msg,__send__,__done__);`;

/** Runs the code of a function node for each message, as the node does. */
function runs(func: string, messages: readonly object[], options: { sandbox?: object; timeout?: number } = {}) {
  const script = new vm.Script(code(func), { filename: 'Function node:f1' });
  const context: Context = vm.createContext({ ...options.sandbox });
  return Promise.all(
    messages.map((msg) => {
      Object.assign(context, { msg, __send__: 'send', __done__: 'done' });
      script.runInContext(context, options.timeout === undefined ? {} : { timeout: options.timeout });
      return context.results as Promise<unknown>;
    }),
  );
}

beforeAll(keepFunctions);
afterAll(() => {
  vm.Script = Script;
});

describe('functions that are kept', () => {
  it('are for what the function node of this Node-RED compiles', () => {
    const require = createRequire(createRequire(import.meta.url).resolve('@node-red/nodes/package.json'));
    const node = readFileSync(require.resolve('./core/function/10-function.js'), 'utf8').replace(/"\s*\+\s*"/g, '');
    expect(node).toContain('"var results = null;results = (async function(msg,__send__,__done__){ ');
    expect(node).toContain('})(msg,__send__,__done__);";');
    expect(node).toContain('context.results.then(');
  });

  it('get each message, and what it is to be sent with', async () => {
    expect(await runs('return [msg.n * 2, __send__, __done__, this === globalThis];', [{ n: 1 }, { n: 2 }])).toEqual([
      [2, 'send', 'done', true],
      [4, 'send', 'done', true],
    ]);
  });

  it('are made once', async () => {
    const made = await runs('return arguments.callee;', [{}, {}]);
    expect(made[0]).toBe(made[1]);
    const anew = await runs('return arguments.callee;', [{}, {}], { timeout: 1000 });
    expect(anew[0]).not.toBe(anew[1]);
  });

  it('keep nothing of one message for the next', async () => {
    expect(await runs('var n = (n || 0) + 1; return n;', [{}, {}])).toEqual([1, 1]);
  });

  it.each([
    'return [results];',
    'if (!results) results = []; results.push(msg.n); return [...results];',
    'await null; return [typeof results, delete globalThis.results, Object.keys(globalThis)];',
  ])('find their own results where they look for them: %s', async (func) => {
    const messages = [{ n: 1 }, { n: 2 }];
    expect(await runs(func, messages)).toEqual(await runs(func, messages, { timeout: 1000 }));
  });

  it('see the global object of their node, and what they put there', async () => {
    const sandbox = { env: { get: () => 'value' } };
    expect(await runs('count = (globalThis.count ?? 0) + 1; return count + env.get();', [{}, {}], { sandbox })).toEqual(
      ['1value', '2value'],
    );
    expect(await runs('return typeof process + typeof require;', [{}])).toEqual(['undefinedundefined']);
  });

  it('are cut where there is a limit', async () => {
    await expect(runs('return 1;', [{}])).resolves.toEqual([1]);
    expect(() => runs('while (true);', [{}], { timeout: 20 })).toThrow('timed out');
  });

  it('name the place of an error as ever', async () => {
    const stack = async (timeout?: number) => {
      const [error] = await runs('try { unknown.thing } catch (e) { return e.stack }', [{}], { timeout } as object);
      return String(error).split('\n').slice(0, 2);
    };
    expect(await stack()).toEqual(await stack(1000));
    expect((await stack())[1]).toContain('Function node:f1:2:7');
    await expect(runs('await null; throw new TypeError("x")', [{}])).rejects.toThrow('x');
  });

  it('are not made of code that goes on beside its function', async () => {
    const twice = 'return 1 })(msg,__send__,__done__); sideEffects(); results = (async function(msg) { return 2;';
    let effects = 0;
    const sandbox = {
      sideEffects: () => {
        effects += 1;
      },
    };
    expect(await runs(twice, [{}, {}], { sandbox })).toEqual([2, 2]);
    expect(effects).toBe(2);
    expect(await runs('return 1 }, async function(msg) { return 2;', [{}, {}])).toEqual([2, 2]);
  });

  it('leave other scripts alone', () => {
    const script = new vm.Script('1 + 1');
    expect(script).toBeInstanceOf(Script);
    expect(Object.getPrototypeOf(script)).toBe(Script.prototype);
    expect(script.runInThisContext()).toBe(2);
    expect(() => new vm.Script(code('return (;'))).toThrow(SyntaxError);
  });
});
