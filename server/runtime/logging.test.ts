import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SeqeraError } from '../../nodes/lib/errors.ts';
import type { NodeRedLogMessage } from '../../settings/node-red-settings.ts';
import { createAuditTrail } from '../audit/audit-trail.ts';
import { type LogLevels, Secret } from '../config/index.ts';
import { createFlowIndex } from './flow-index.ts';
import { createLogBridge } from './log-bridge.ts';
import { createLogs } from './logs.ts';
import { nodeTrace } from './node-trace.ts';
import { handleFaults } from './process-faults.ts';

type Line = Record<string, unknown>;

function setUp(level: 'info' | 'trace' = 'info') {
  const lines: Line[] = [];
  const logs = createLogs(
    { log: { level, components: {}, format: 'json' } },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  const logger = logs.of('node-red');
  const index = createFlowIndex();
  index.replace([
    { id: 't1', type: 'tab', label: 'Nightly' },
    { id: 'n1', type: 'function', name: 'clean', z: 't1' },
  ]);
  return { lines, logger, index };
}

describe('createLogs', () => {
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

  const withLines = (log: LogLevels = { level: 'info', components: {} }) => {
    const lines: Line[] = [];
    const now = Date.parse('2026-01-01T00:00:00Z');
    const logs = createLogs(
      { log: { ...log, format: 'json' } },
      { write: (line: string) => void lines.push(JSON.parse(line)) },
      { now: () => now },
    );
    return { logs, lines };
  };

  it('names the component of each line, and has levels by component that can be changed', () => {
    const { logs, lines } = withLines({ level: 'warn', components: { git: 'debug' } });
    const git = logs.of('git');
    const early = logs.of('http');
    expect(logs.of('git')).toBe(git);
    git.debug('fetched');
    early.info('left out');
    early.warn('told');
    expect(lines).toMatchObject([
      { component: 'git', level: 'debug', msg: 'fetched' },
      { component: 'http', level: 'warn', msg: 'told' },
    ]);
    logs.setLevels({ level: 'trace', components: { git: 'error' } });
    lines.length = 0;
    git.warn('left out');
    early.trace('told now');
    logs.of('auth').debug('made after the change');
    expect(lines.map(({ msg }) => msg)).toEqual(['told now', 'made after the change']);
  });

  it('counts an error that comes again, with what tells it from others, and no other level', () => {
    const { logs, lines } = withLines();
    const log = logs.of('node-red');
    for (let run = 0; run < 50; run += 1)
      log.error({ err: new Error(`no run 12345${run}`), node: 'n1', runId: `r${run}` }, `no run 12345${run}`);
    log.error({ node: 'n2' }, 'no run 123450');
    for (let i = 0; i < 2; i += 1) {
      log.warn('careful');
      log.fatal('over');
    }
    expect(lines.map(({ level, node }) => [level, node])).toEqual([
      ['error', 'n1'],
      ['error', 'n2'],
      ['warn', undefined],
      ['fatal', undefined],
      ['warn', undefined],
      ['fatal', undefined],
    ]);
    lines.length = 0;
    logs.flush();
    expect(lines).toEqual([
      {
        level: 'error',
        time: expect.any(String),
        component: 'node-red',
        node: 'n1',
        repeated: { count: 49, first: '2026-01-01T00:00:00.000Z', last: '2026-01-01T00:00:00.000Z' },
        msg: 'no run 123450 (49 more since 2026-01-01T00:00:00.000Z)',
      },
    ]);
  });

  it('tells errors apart by their reason, and never counts what the audit trail could not write', () => {
    const { logs, lines } = withLines();
    logs.of('http').error({ err: new Error('socket hang up') }, 'A request failed');
    logs.of('http').error({ err: new Error('out of memory') }, 'A request failed');
    logs.of('http').error(new Error('bare'));
    logs.of('http').error(new Error('bare'));
    for (let i = 0; i < 3; i += 1) logs.of('audit').error({ auditLost: { event: 'deploy' } }, 'not in the trail');
    expect(lines.map(({ msg }) => msg)).toEqual([
      'A request failed',
      'A request failed',
      'bare',
      'not in the trail',
      'not in the trail',
      'not in the trail',
    ]);
    logs.flush();
  });

  it.each(['info', 'warn'] as const)('has the trail of %s and below, whatever its level is changed to', (level) => {
    const { logs, lines } = withLines({ level, components: {} });
    const trail = createAuditTrail({ sink: null, toLog: true, logger: logs.of('audit'), redact: (text) => text });
    logs.setLevels({ level: 'fatal', components: { audit: 'fatal' } });
    trail.record({ event: 'deploy', user: 'ada' });
    trail.close();
    expect(lines).toMatchObject([{ component: 'audit', level: 'info', audit: { event: 'deploy' } }]);
  });

  it('is the only way to the log: no other file of the server makes a logger, but for commands that run aside', () => {
    const root = join(import.meta.dirname, '..');
    const makers = globSync('**/*.ts', { cwd: root })
      .filter((file) => !/\.test\.ts$|(?:^|\/)testing\//.test(file))
      .filter((file) => /\bpino\(/.test(readFileSync(join(root, file), 'utf8')));
    expect(makers.sort()).toEqual(['commands/rotate-secret.ts', 'rehearsal/stage.ts', 'runtime/logs.ts']);
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

  it('says of an error of a Seqera node its code and run, and not the stack of one that was foreseen', () => {
    const error = new SeqeraError('SEQERA_FORBIDDEN', 'may not', { runId: '5x9ZkL' });
    const [line] = log({ level: 20, msg: error, id: 'n1' });
    expect(line).toMatchObject({ msg: 'may not', code: 'SEQERA_FORBIDDEN', runId: '5x9ZkL', node: 'n1' });
    expect(line).not.toHaveProperty('err');
    expect(log({ level: 20, msg: new SeqeraError('SEQERA_INTERNAL', 'a bug') })[0]).toHaveProperty('err.stack');
    // What a flow throws may be anything.
    expect(log({ level: 20, msg: { message: 'x', code: 42, runId: 'y'.repeat(5000) } })[0]).toMatchObject({
      msg: 'x',
      runId: 'y'.repeat(100),
    });
  });

  it('shows objects, and drops rules and metrics', () => {
    expect(log({ level: 20, msg: { a: { b: 1 } } })[0]?.msg).toBe('{ a: { b: 1 } }');
    expect(log({ level: 20, msg: undefined })).toEqual([]);
    expect(log({ level: 30, msg: '-----------' })).toEqual([]);
    expect(log({ level: 99, event: 'runtime.memory.rss', value: 1 }, 'trace')).toEqual([]);
  });

  it('shows no part of a secret that stands over the cut of a long text, nor one with quotes and backslashes', () => {
    const value = `over-the-cut-'"\\-4711`;
    new Secret(value);
    const url = encodeURIComponent(value);
    const base64 = Buffer.from(`:::${value}:::`).toString('base64');
    for (const text of [value, `"\`${value}`, url, base64]) {
      for (let before = 1998 - text.length; before <= 2001; before++) {
        const long = '.'.repeat(before) + text + '.'.repeat(3000);
        const msg = String(log({ level: 20, msg: { long, all: [long, text] } })[0]?.msg);
        expect(msg.match(/more characters/g)).toHaveLength(2);
        for (const part of ['ov', 'the-cut', '47', '%', base64.slice(4, 7)])
          expect(msg.replace(/long:|more|\[redacted\]/g, '')).not.toContain(part);
      }
    }
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
