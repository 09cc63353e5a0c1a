import ipaddr from 'ipaddr.js';
import { type EgressEntry, parseEgressEntry } from '../config/egress-entry.ts';
import { addressKind } from './address-kind.ts';

/** An address or name that something may be connected to, and the port where only one is meant. */
export interface Target {
  host: string;
  port: number | null;
}

export interface EgressOptions {
  /** Loopback and private networks. */
  internal: 'allow' | 'block';
  /** Entries of REDSTART_EGRESS_ALLOW: the only ones that may be called; null: all that is not blocked. */
  allow: readonly string[] | null;
  /** What whoever runs this configured: connections to the Platform, proxies. They need no entry. */
  own: readonly Target[];
}

export interface EgressRules {
  /** Before the name is looked up. Null: nothing against it so far. */
  name(host: string, port: number): string | null;
  /** A name that somebody else looks up: a proxy. */
  unseen(host: string, port: number): string | null;
  /** The address that would be connected to. Null: it may. @returns otherwise why not, to complete "it …" */
  address(host: string, port: number, address: string): string | null;
}

/** What flows may connect to. Metadata services and link-local addresses never, unless configured by their very address. */
export function egressRules({ internal, allow, own }: EgressOptions): EgressRules {
  const entries = allow?.map(parseEgressEntry) ?? null;
  const owned = own.map((target) => ({ ...target, host: bare(target.host) }));
  const isOwn = (host: string, port: number): boolean =>
    owned.some((target) => target.host === host && (target.port === null || target.port === port));
  const named = (host: string, port: number): boolean =>
    entries?.some((entry) => portFits(entry, port) && nameFits(entry, host)) ?? false;
  const listed = (host: string, port: number, address: string): boolean =>
    named(host, port) || (entries?.some((entry) => portFits(entry, port) && networkFits(entry, address)) ?? false);

  return {
    name(given, port) {
      const host = bare(given);
      // An entry of addresses may still fit once the name is looked up.
      if (entries === null || isOwn(host, port) || named(host, port) || entries.some(({ network }) => network))
        return null;
      return 'is not in REDSTART_EGRESS_ALLOW';
    },
    unseen(given, port) {
      const host = bare(given);
      if (METADATA_NAMES.test(host)) return METADATA;
      // Entries of addresses cannot be held against what nobody here looks up.
      return entries === null || isOwn(host, port) || named(host, port) ? null : 'is not in REDSTART_EGRESS_ALLOW';
    },
    address(given, port, address) {
      const host = bare(given);
      const kind = addressKind(address);
      const mine = isOwn(host, port);
      if (kind === null) return 'is no address';
      if (mine && host === bare(address)) return null;
      if (kind === 'metadata') return METADATA;
      if (kind === 'link-local') return 'is link-local';
      if (kind === 'not-a-host') return 'is the address of no single host';
      if (mine) return null;
      const inList = listed(host, port, address);
      if (entries !== null && !inList) return 'is not in REDSTART_EGRESS_ALLOW';
      if (kind === 'internal' && internal === 'block' && !inList)
        return 'is on this machine or a private network (REDSTART_EGRESS_PRIVATE=block)';
      return null;
    },
  };
}

const METADATA = 'is the metadata service of a cloud, which hands out credentials';
const METADATA_NAMES = /^(?:metadata(?:\.google\.internal|\.goog)?|instance-data(?:\.ec2\.internal)?)$/;

/** As names are compared: lower case, no brackets, no dot at the end. */
function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

function portFits(entry: EgressEntry, port: number): boolean {
  return entry.port === null || entry.port === port;
}

function nameFits(entry: EgressEntry, host: string): boolean {
  if (entry.network) return false;
  return entry.wildcard ? host.endsWith(`.${entry.host}`) : host === entry.host;
}

function networkFits(entry: EgressEntry, text: string): boolean {
  if (!entry.network || !ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  const [network, bits] = entry.network;
  if (address instanceof ipaddr.IPv4) return network instanceof ipaddr.IPv4 && address.match(network, bits);
  return network instanceof ipaddr.IPv6 && address.match(network, bits);
}
