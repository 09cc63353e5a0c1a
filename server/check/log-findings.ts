import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { variablesForFlows } from '../config/process-config.ts';
import { checkFlowsAside } from './check-flows.ts';
import type { RuleId } from './rule-catalogue.ts';
import { createWorld } from './world.ts';

/** The runtime says these itself when it cannot start the flows. */
const TOLD_BY_START: ReadonlySet<RuleId> = new Set(['type-off', 'type-unknown', 'subflow-unknown', 'folder-empty']);

/** More would bury the rest of the log of a start. */
const MOST = 20;

/**
 * Checks the flow files beside the flows that run, and logs what it finds. Stops nothing: what no flow can start with has
 * stopped the start before.
 */
export async function logFindings(config: Config, logger: Pick<Logger, 'warn'>): Promise<void> {
  try {
    const { findings } = await checkFlowsAside({
      path: config.flows.dir,
      world: createWorld(config, variablesForFlows()),
      base: config.flows.dir,
    });
    const news = findings.filter(({ rule, severity }) => severity !== 'info' && !TOLD_BY_START.has(rule));
    for (const { rule, severity, file, line, node, flow, message, mend } of news.slice(0, MOST)) {
      const where = {
        rule,
        severity,
        file,
        line,
        ...(node && { node: node.id, nodeName: node.name }),
        ...(flow && { flow }),
      };
      logger.warn(where, `check: ${message} ${mend}`);
    }
    if (news.length > MOST)
      logger.warn({ findings: news.length }, `check: ${news.length - MOST} more findings; redstart check shows all`);
  } catch (error) {
    logger.warn({ err: error }, 'the flow files could not be checked');
  }
}
