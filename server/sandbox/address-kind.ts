import ipaddr from 'ipaddr.js';

/**
 * What an address is to somebody who makes the server call it. `internal` is what another machine could not call:
 * loopback and the networks of whoever runs this.
 */
export type AddressKind = 'metadata' | 'link-local' | 'internal' | 'not-a-host' | 'public';

/** Metadata services of clouds that are not at a link-local address: AWS, Google, Alibaba, Azure, Oracle, Scaleway. */
const METADATA = new Set(
  [
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
    'fd00:42::42',
  ].map((address) => ipaddr.parse(address).toNormalizedString()),
);
/** AWS, Google, Azure, OpenStack, … all answer here; ECS at .170.2, EKS at .170.23. */
const LINK_LOCAL_METADATA = /^169\.254\.(?:169\.254|170\.(?:2|23)|0\.23|42\.42)$/;

const RANGES: Readonly<Record<string, AddressKind>> = {
  linkLocal: 'link-local',
  loopback: 'internal',
  private: 'internal',
  uniqueLocal: 'internal',
  carrierGradeNat: 'internal',
  deprecatedSiteLocal: 'internal',
  // 0.0.0.0 and :: reach this machine.
  unspecified: 'internal',
  benchmarking: 'internal',
  multicast: 'not-a-host',
  broadcast: 'not-a-host',
  reserved: 'not-a-host',
  discard: 'not-a-host',
};

/** The kind of an IP address in any notation that a socket would take; null for what is no address. */
export function addressKind(text: string): AddressKind | null {
  const bare = text.replace(/%.*$/, '');
  if (!ipaddr.isValid(bare)) return null;
  const address = meant(ipaddr.process(bare));
  const normal = address.toNormalizedString();
  if (METADATA.has(normal) || LINK_LOCAL_METADATA.test(normal)) return 'metadata';
  // All of 0.0.0.0/8 is this machine to Linux, and ipaddr.js knows it so.
  return RANGES[address.range()] ?? 'public';
}

/** IPv6 addresses that carry an IPv4 one in them lead there, through a gateway or the machine itself. */
function meant(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!(address instanceof ipaddr.IPv6)) return address;
  const bytes = address.toByteArray();
  const starts = (...head: number[]): boolean => head.every((byte, index) => bytes[index] === byte);
  const zeros = (from: number, to: number): boolean => bytes.slice(from, to).every((byte) => byte === 0);
  const v4 = (from: number): ipaddr.IPv4 => new ipaddr.IPv4(bytes.slice(from, from + 4));
  // ::a.b.c.d (but not :: and ::1), ::ffff:0:a.b.c.d
  if (zeros(0, 12) && !(zeros(12, 15) && (bytes[15] ?? 0) <= 1)) return v4(12);
  if (zeros(0, 8) && bytes[8] === 0xff && bytes[9] === 0xff && zeros(10, 12)) return v4(12);
  // NAT64, well known and local
  if (starts(0x00, 0x64, 0xff, 0x9b)) return v4(12);
  // 6to4
  if (starts(0x20, 0x02)) return v4(2);
  // Teredo hides the client's address by inverting it
  if (starts(0x20, 0x01, 0x00, 0x00)) return new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ 0xff));
  // ISATAP
  if (bytes[8] !== undefined && (bytes[8] & 0xfd) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe)
    return v4(12);
  return address;
}
