import type { Config } from '../config/index.ts';
import { ownRequests } from './own-requests.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/**
 * `fetch` for addresses that the operator chose, by the proxies that calls to the Platform take. Each call has a connection
 * of its own, which no flow can get hold of. undici is loaded with the first call: it costs 80 ms.
 */
export function ownFetch({ https, http, noProxy }: Config['proxy']): typeof fetch {
  const call = async (address: string, init: RequestInit): Promise<Response> => {
    const undici = await import('undici');
    const direct = LOOPBACK.test(new URL(address).hostname);
    const dispatcher = direct
      ? new undici.Agent()
      : new undici.EnvHttpProxyAgent({
          // Not undefined: it would look into the environment for itself.
          httpsProxy: https ?? '',
          httpProxy: http ?? '',
          noProxy: noProxy ?? '',
        });
    try {
      const answer = await ownRequests.run(() =>
        undici.fetch(address, { ...(init as import('undici').RequestInit), dispatcher }),
      );
      return answer as unknown as Response;
    } finally {
      // What is under way goes on until its body was read.
      void dispatcher.close().catch(() => {});
    }
  };
  return call as typeof fetch;
}
