import { CallRate } from '../lib/call-rate.ts';
import { systemClock } from '../lib/clock.ts';
import { showStatus } from '../lib/node-status.ts';
import { NodeStore } from '../lib/node-store.ts';
import type { RedApi, RedNode, RedNodeDef } from '../lib/red.ts';
import { ReplayCache } from '../lib/replay-cache.ts';
import { secretsOf, WebhookFault, type WebhookProperties, webhookOptions } from '../lib/webhook-options.ts';
import { WebhookReceiver } from '../lib/webhook-receiver.ts';
import { addWebhookRoute } from '../lib/webhook-routes.ts';

interface Secrets {
  secret?: unknown;
  previousSecret?: unknown;
}

/** Refusals are told this often at most, with how many there were. */
const TOLD_EVERY_MS = 60_000;

export default (RED: RedApi): void => {
  RED.nodes.registerType(
    'redstart-webhook-in',
    function (this: RedNode<Secrets>, def: RedNodeDef): void {
      RED.nodes.createNode(this, def);
      setUp(RED, this, def as RedNodeDef & WebhookProperties);
    },
    { credentials: { secret: { type: 'password' }, previousSecret: { type: 'password' } } },
  );
};

function setUp(RED: RedApi, node: RedNode<Secrets>, def: RedNodeDef & WebhookProperties): void {
  const clock = (RED.settings as { seqeraClient?: { clock?: typeof systemClock } }).seqeraClient?.clock ?? systemClock;
  const store = new NodeStore(RED, node as RedNode);
  let remove: (() => void) | null = null;
  const status = (kind: 'ok' | 'failed' | 'retrying', text: string): void =>
    showStatus(node as RedNode, kind, text, clock.now());
  const told = new Map<string, { at: number; count: number }>();

  /** The caller learns nothing of why; the operator does. */
  const refused = (reason: string, address: string): void => {
    status('retrying', `refused: ${reason}`);
    const now = clock.now();
    const last = told.get(reason) ?? { at: Number.NEGATIVE_INFINITY, count: 0 };
    last.count += 1;
    if (now - last.at >= TOLD_EVERY_MS) {
      const times = last.count > 1 ? ` (${last.count} since it was last told)` : '';
      node.warn(`A webhook from ${address} was refused: ${reason}${times}`);
      Object.assign(last, { at: now, count: 0 });
    }
    told.set(reason, last);
  };

  try {
    const options = webhookOptions(def);
    const replays = options.replayMs === null ? null : new ReplayCache(store, () => clock.now());
    const receiver = new WebhookReceiver({
      ...options,
      secrets: secretsOf(node.credentials),
      name: def.name || node.id,
      now: () => clock.now(),
      rate: new CallRate(options.perMinute, () => clock.monotonic()),
      replays,
      loaded: replays?.load() ?? Promise.resolve(),
      refused,
      failed: (error) => node.error(`The webhook's replay cache cannot be used: ${error.message}`),
      accepted(req, res, payload) {
        status('ok', 'received');
        // `_res`: what the “http response” node answers through.
        node.send({ _msgid: RED.util.generateId(), req, res: { _res: res }, payload } as never);
      },
    });
    remove = addWebhookRoute(RED, options.path, (req, res) => receiver.receive(req, res));
    if (remove === null) {
      throw new WebhookFault(
        `Nothing answers at ${options.path}: another webhook has the path, or HTTP endpoints are off`,
      );
    }
  } catch (error) {
    if (!(error instanceof WebhookFault)) throw error;
    status('failed', error.message);
    node.error(error.message);
  }

  node.on('close', (removed: boolean, done: () => void) => {
    remove?.();
    store.close(removed).then(done, (error: Error) => {
      node.warn(error.message);
      done();
    });
  });
}
