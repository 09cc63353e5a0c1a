import { ipKeyGenerator } from 'express-rate-limit';

const MAX_REMEMBERED = 2000;
const remembered = new Map<string, string>();

/**
 * What a limit counts an address as: an IPv6 customer has a whole network to call from, so a /56 is one. Remembered, as
 * reading an IPv6 address costs more than all else that a limit does.
 */
export function networkKey(address: string): string {
  if (!address.includes(':')) return address;
  const known = remembered.get(address);
  if (known !== undefined) return known;
  const key = ipKeyGenerator(address, 56);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(address, key);
  return key;
}
