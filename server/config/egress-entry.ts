import ipaddr from 'ipaddr.js';

/** One entry of REDSTART_EGRESS_ALLOW. */
export interface EgressEntry {
  host: string;
  wildcard: boolean;
  network: [ipaddr.IPv4 | ipaddr.IPv6, number] | null;
  port: number | null;
}

/** `host`, `*.domain`, an address or network, each with `:port` where only one is meant. */
const ENTRY =
  /^(?:(?<name>(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?(?:\/\d{1,2})?)|(?<bare>[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*(?:\/\d{1,3})?)|\[(?<v6>[0-9a-f:.]+(?:\/\d{1,3})?)\])(?::(?<port>\d{1,5}))?$/i;

export function isEgressEntry(text: string): boolean {
  const groups = ENTRY.exec(text)?.groups;
  if (!groups) return false;
  const host = groups.name ?? groups.bare ?? groups.v6 ?? '';
  if (groups.port !== undefined && (Number(groups.port) < 1 || Number(groups.port) > 65535)) return false;
  if (host.includes('/')) return ipaddr.isValidCIDR(host);
  // 10.1 or 0x7f.1 are addresses to some and names to others.
  if (/^(?:0x[\da-f]*|\d*)(?:\.(?:0x[\da-f]*|\d*))*$/i.test(host)) return ipaddr.IPv4.isValidFourPartDecimal(host);
  return host.includes(':') ? ipaddr.isValid(host) : true;
}

export function parseEgressEntry(text: string): EgressEntry {
  const groups = ENTRY.exec(text)?.groups ?? {};
  const host = (groups.name ?? groups.bare ?? groups.v6 ?? text).toLowerCase();
  const port = groups.port === undefined ? null : Number(groups.port);
  const network = host.includes('/')
    ? ipaddr.parseCIDR(host)
    : ipaddr.isValid(host)
      ? ([ipaddr.process(host), ipaddr.process(host).kind() === 'ipv4' ? 32 : 128] as [ipaddr.IPv4, number])
      : null;
  return { host: host.replace(/^\*\./, ''), wildcard: host.startsWith('*.'), network, port };
}
