import type { Logger } from 'pino';
import type { Audit } from '../audit/audit-event.ts';
import type { Config } from '../config/index.ts';
import type { FlowIndex } from '../runtime/flow-index.ts';
import { nodeTrace } from '../runtime/node-trace.ts';
import { type Blocked, type EgressGuard, guardEgress } from './egress-guard.ts';
import { egressRules, type Target } from './egress-rules.ts';
import { ownRequests } from './own-requests.ts';

export interface EgressLimits {
  config: Pick<Config, 'connections' | 'egress' | 'proxy' | 'auth' | 'replicas'>;
  /** Addresses of this program's own making: the built-in simulator, further services of the configuration. */
  own: readonly string[];
  logger: Logger;
  audit: Audit;
  index: FlowIndex;
}

/** A flow that is refused tries again, perhaps each second: each is told once. */
const TOLD_LIMIT = 1000;

/** From here on connections of this process keep to the configuration, and what is refused is told with its node. */
export function limitEgress({ config, own, logger, audit, index }: EgressLimits): EgressGuard {
  const urls = [...config.connections.map(({ baseUrl }) => baseUrl), config.proxy.https, config.proxy.http];
  const services = [config.auth?.oidc?.issuer, config.replicas?.database.reveal(), ...own];
  const rules = egressRules({ ...config.egress, own: [...urls, ...services].flatMap((url) => targetOf(url) ?? []) });
  const told = new Set<string>();
  const tell = ({ host, port, address, why }: Blocked): void => {
    const node = nodeTrace.node();
    const key = `${node} ${host} ${port}`;
    if (told.has(key)) return;
    if (told.size >= TOLD_LIMIT) told.clear();
    told.add(key);
    const place = node === undefined ? {} : index.place(node);
    const what = { host, port, ...(address !== null && address !== host && { address }) };
    logger.warn(
      { code: 'EGRESS_BLOCKED', ...place, ...what },
      `a connection to ${host}:${port} was refused: it ${why}`,
    );
    audit.record({ event: 'refused', what: 'connection', ...what, ...place, reason: why });
  };
  const forProgram = egressRules({ internal: 'allow', allow: null, own: [] });
  return guardEgress(() => (ownRequests.running() ? forProgram : rules), tell);
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'postgres:': 5432, 'postgresql:': 5432 };

function targetOf(text: string | null | undefined): Target | null {
  if (!text) return null;
  const url = URL.parse(text) ?? URL.parse(`http://${text}`);
  if (!url) return null;
  return { host: url.hostname, port: Number(url.port || DEFAULT_PORTS[url.protocol] || 80) };
}
