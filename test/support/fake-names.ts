// Loaded into the program before it by a test (NODE_OPTIONS=--import): names below .test lead where their first labels
// say, so that a test has name servers of its own. `a-b.rebind.test` leads to a at first and to b from then on, which
// is what an attacker's own name server does.
import dns from 'node:dns';

type Found = { address: string; family: number }[];
const asked = new Map<string, number>();
/** `127-0-0-1` and `x0--1` (IPv6: `x` and dashes for colons). */
const addressOf = (label: string): string =>
  label.startsWith('x') ? label.slice(1).replaceAll('-', ':') : label.replaceAll('-', '.');

function find(name: string): Found | null {
  const at = /^(.*)\.(rebind|plain|both)\.test\.?$/i.exec(name);
  if (!at) return null;
  const addresses = (at[1] ?? '').split('_').map(addressOf);
  const times = asked.get(name) ?? 0;
  asked.set(name, times + 1);
  const chosen =
    at[2]?.toLowerCase() === 'rebind' ? [addresses[Math.min(times, addresses.length - 1)] ?? ''] : addresses;
  return chosen.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
}

const lookup = dns.lookup;
Object.assign(dns, {
  lookup: (name: string, options: unknown, callback?: (...found: unknown[]) => void): void => {
    const done = (typeof options === 'function' ? options : callback) as (...found: unknown[]) => void;
    const found = find(name);
    if (found === null) (lookup as (...parameters: unknown[]) => void)(name, options, callback);
    else if (typeof options === 'object' && options !== null && 'all' in options && options.all)
      process.nextTick(done, null, found);
    else process.nextTick(done, null, found[0]?.address, found[0]?.family);
  },
});
