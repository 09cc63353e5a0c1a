import vm, { type Context, type RunningCodeInNewContextOptions, type ScriptOptions } from 'node:vm';
import { acorn } from '../sandbox/acorn.ts';

const { Script } = vm;

/** What Node-RED's function node compiles is a function between these, which each message makes anew and calls. */
const DECLARES = 'var results = null;';
const BEFORE = `${DECLARES}results = `;
const AFTER = '(msg,__send__,__done__);';

/** What Node-RED puts into the global object of the code before it runs it, and takes from there afterwards. */
interface FunctionContext extends Context {
  msg: unknown;
  __send__: unknown;
  __done__: unknown;
  results: unknown;
}

type Handler = (msg: unknown, send: unknown, done: unknown) => unknown;

/**
 * The script of a function node, of which the function is made once and then called. To run a script enters a context and
 * looks up what it names in an object that Node.js watches: of what a short function takes, that is nine tenths.
 */
class FunctionScript extends Script {
  readonly #code: string;
  readonly #options: ScriptOptions;
  #made: { in: Context; handler: Handler | null } | null = null;

  constructor(code: string, options: ScriptOptions) {
    super(code, options);
    this.#code = code.slice(BEFORE.length, -AFTER.length);
    this.#options = options;
  }

  override runInContext(context: FunctionContext, options?: RunningCodeInNewContextOptions): unknown {
    // Only the run of a script can be cut.
    const handler = options?.timeout ? null : this.#handler(context);
    if (handler === null) return super.runInContext(context, options);
    // It is a global that code can read, or take for one of its own: what the last message left there is not for this one.
    context.results = null;
    context.results = handler(context.msg, context.__send__, context.__done__);
    return context.results;
  }

  #handler(context: Context): Handler | null {
    if (this.#made?.in !== context) {
      // At the same place, for the stacks of its errors.
      const options = { ...this.#options, columnOffset: BEFORE.length - DECLARES.length };
      const handler = isFunction(this.#code)
        ? (new Script(DECLARES + this.#code, options).runInContext(context) as Handler)
        : null;
      this.#made = { in: context, handler };
    }
    return this.#made.handler;
  }
}

/** Whether it is one function and nothing beside it: code may close the function that is written around it, and go on. */
function isFunction(code: string): boolean {
  try {
    const { body } = acorn().parse(code, { ecmaVersion: 'latest' });
    const [statement] = body;
    return (
      body.length === 1 &&
      statement?.type === 'ExpressionStatement' &&
      statement.expression.type === 'FunctionExpression'
    );
  } catch {
    // V8 took it, so it may be newer than the parser.
    return false;
  }
}

/** Before flows start: function nodes find their scripts in Node.js's own module. All other scripts are as ever. */
export function keepFunctions(): void {
  if (vm.Script !== Script) return;
  vm.Script = new Proxy(Script, {
    construct: (target, [code, options], of) =>
      typeof code === 'string' && code.startsWith(`${BEFORE}(async function(`) && code.endsWith(`})${AFTER}`)
        ? new FunctionScript(code, options as ScriptOptions)
        : (Reflect.construct(target, [code, options], of) as object),
  });
}
