import { describe, expect, it } from 'vitest';
import type { NodeRedLogMessage } from '../../settings/node-red-settings.ts';
import { Secret } from '../config/index.ts';
import { createFlowIndex } from './flow-index.ts';
import { createLogBridge } from './log-bridge.ts';
import { createLogger } from './logger.ts';
import { nodeTrace } from './node-trace.ts';
import { handleFaults } from './process-faults.ts';

type Line = Record<string, unknown>;

function setUp(level: 'info' | 'trace' = 'info') {
  const lines: Line[] = [];
  const logger = createLogger(
    { log: { level, format: 'json' } },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  const index = createFlowIndex();
  index.replace([
    { id: 't1', type: 'tab', label: 'Nightly' },
    { id: 'n1', type: 'function', name: 'clean', z: 't1' },
  ]);
  return { lines, logger, index };
}

describe('createLogger', () => {
  it('strips secrets wherever they are, and names levels', () => {
    const { lines, logger } = setUp();
    const secret = new Secret('planted-"secret"-token');
    logger.warn(
      { nested: { header: `Bearer ${secret.reveal()}` }, err: new Error(`bad ${secret.reveal()}`) },
      secret.reveal(),
    );
    expect(JSON.stringify(lines)).not.toContain('planted');
    expect(lines[0]).toMatchObject({
      level: 'warn',
      msg: '[redacted]',
      nested: { header: 'Bearer [redacted]' },
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });
});

describe('createLogBridge', () => {
  const log = (message: NodeRedLogMessage, level?: 'trace'): Line[] => {
    const { lines, logger, index } = setUp(level);
    createLogBridge(logger, index)(message);
    return lines;
  };

  it.each([
    [10, 'fatal'],
    [20, 'error'],
    [30, 'warn'],
    [40, 'info'],
    [50, 'debug'],
    [60, 'trace'],
  ])('maps level %d to %s', (level, name) => {
    expect(log({ level, msg: 'x', id: 'n1' }, 'trace')).toMatchObject([{ level: name, msg: 'x' }]);
  });

  it('adds node, type, name and flow', () => {
    expect(log({ level: 30, msg: 'careful', id: 'n1', type: 'function', name: 'clean', z: 't1' })[0]).toMatchObject({
      component: 'node-red',
      node: 'n1',
      nodeType: 'function',
      nodeName: 'clean',
      flow: 't1',
      flowLabel: 'Nightly',
    });
  });

  it('finds the node of a subflow instance, and tells what it can of an unknown one', () => {
    expect(log({ level: 30, msg: 'x', id: 'instance-n1' })[0]).toMatchObject({
      node: 'instance-n1',
      nodeType: 'function',
      flowLabel: 'Nightly',
    });
    expect(log({ level: 30, msg: 'x', id: 'gone', type: 'delay', z: 't9' })[0]).toMatchObject({
      node: 'gone',
      nodeType: 'delay',
      flow: 't9',
    });
  });

  it('shows an error with its stack, also one of another realm', () => {
    expect(log({ level: 20, msg: new TypeError('broken') })[0]).toMatchObject({
      msg: 'broken',
      err: { type: 'TypeError', stack: expect.stringContaining('logging.test') },
    });
    expect(log({ level: 20, msg: { name: 'RangeError', message: 'far', stack: 'at x' } })[0]).toMatchObject({
      msg: 'far',
      err: { stack: 'at x' },
    });
  });

  it('shows objects, and drops rules and metrics', () => {
    expect(log({ level: 20, msg: { a: { b: 1 } } })[0]?.msg).toBe('{ a: { b: 1 } }');
    expect(log({ level: 20, msg: undefined })).toEqual([]);
    expect(log({ level: 30, msg: '-----------' })).toEqual([]);
    expect(log({ level: 99, event: 'runtime.memory.rss', value: 1 }, 'trace')).toEqual([]);
  });

  it('keeps what Node-RED says of itself for debug, and what a node says for info', () => {
    expect(log({ level: 40, msg: 'Welcome to Node-RED' })).toEqual([]);
    expect(log({ level: 40, msg: 'hello', id: 'n1' })).toHaveLength(1);
  });

  it.each([
    ['flows.set', 'info'],
    ['auth.login', 'info'],
    ['auth.login.fail.credentials', 'info'],
    ['permission.fail', 'info'],
    ['settings.update', 'info'],
    ['flows.get', 'debug'],
    ['nodes.list.get', 'debug'],
    ['comms.open', 'debug'],
  ])('audit %s as %s, with the user name alone', (event, level) => {
    const [line] = log({ level: 98, event, user: { username: 'ada', permissions: '*' }, timestamp: 1 }, 'trace');
    expect(line).toMatchObject({ level, audit: event, user: 'ada' });
  });
});

describe('handleFaults', () => {
  function faults() {
    const { lines, logger, index } = setUp();
    const listeners: Record<string, (error: unknown) => void> = {};
    const fatal: unknown[] = [];
    const source = {
      on(event: string, listener: (error: unknown) => void) {
        listeners[event] = listener;
      },
    };
    handleFaults(source, { logger, index, fatal: (error) => fatal.push(error) });
    const raise = (event: string, error: unknown): void => listeners[event]?.(error);
    return { lines, fatal, raise };
  }

  it('logs a rejection with the node in its stack, and goes on', () => {
    const { lines, fatal, raise } = faults();
    raise(
      'unhandledRejection',
      Object.assign(new Error('lost'), { stack: 'Error: lost\n at Function node:n1 [clean]:3:4' }),
    );
    expect(fatal).toEqual([]);
    expect(lines[0]).toMatchObject({
      level: 'error',
      node: 'n1',
      nodeType: 'function',
      flowLabel: 'Nightly',
      err: { message: 'lost' },
    });
    expect(lines[0]?.msg).toBe(
      'A promise was rejected and nobody caught it (function "clean" in flow "Nightly"): lost',
    );
  });

  it('finds the node whose handler was running, through promises', async () => {
    const { lines, raise } = faults();
    await (async () => {
      nodeTrace.enter('n1');
      await new Promise((resolve) => setImmediate(resolve));
      raise('unhandledRejection', 'just a text');
    })();
    expect(lines[0]).toMatchObject({ node: 'n1', msg: expect.stringContaining('just a text') });
  });

  it('stops once after an exception', () => {
    const { lines, fatal, raise } = faults();
    raise('uncaughtException', new Error('first'));
    raise('uncaughtException', new Error('while stopping'));
    expect(lines.map(({ level }) => level)).toEqual(['fatal', 'fatal']);
    expect(fatal).toHaveLength(1);
  });
});
