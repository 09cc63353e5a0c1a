import { describe, expect, it } from 'vitest';
import { isEgressEntry } from '../config/egress-entry.ts';
import { addressKind } from './address-kind.ts';
import { type EgressOptions, egressRules } from './egress-rules.ts';

const rules = (rest: Partial<EgressOptions> = {}) => egressRules({ internal: 'allow', allow: null, own: [], ...rest });

describe('addressKind', () => {
  it.each([
    ['169.254.169.254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['::ffff:a9fe:a9fe', 'metadata'],
    ['::169.254.169.254', 'metadata'],
    ['64:ff9b::a9fe:a9fe', 'metadata'],
    ['64:ff9b:1::a9fe:a9fe', 'metadata'],
    ['2002:a9fe:a9fe::1', 'metadata'],
    ['2001:0:0:0:0:0:5601:5601', 'metadata'],
    ['fe80::5efe:a9fe:a9fe%eth0', 'metadata'],
    ['169.254.170.2', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['FD00:0EC2:0::254', 'metadata'],
    ['fd20:ce::254', 'metadata'],
    ['169.254.1.1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['127.0.0.1', 'internal'],
    ['127.9.9.9', 'internal'],
    ['0.0.0.0', 'internal'],
    ['0.1.2.3', 'internal'],
    ['::', 'internal'],
    ['::1', 'internal'],
    ['::ffff:127.0.0.1', 'internal'],
    ['10.1.2.3', 'internal'],
    ['172.31.0.1', 'internal'],
    ['192.168.1.1', 'internal'],
    ['100.64.0.1', 'internal'],
    ['fd12::1', 'internal'],
    ['224.0.0.1', 'not-a-host'],
    ['255.255.255.255', 'not-a-host'],
    ['ff02::1', 'not-a-host'],
    ['8.8.8.8', 'public'],
    ['172.32.0.1', 'public'],
    ['2606:4700::1111', 'public'],
    ['no address', null],
  ])('%s is %s', (address, kind) => expect(addressKind(address)).toBe(kind));
});

describe('egressRules', () => {
  it('keep flows from metadata services and link-local addresses, whatever else is allowed', () => {
    const open = rules({ allow: ['169.254.0.0/16', '*.internal'] });
    expect(open.address('169.254.169.254', 80, '169.254.169.254')).toMatch(/metadata service/);
    expect(open.address('x.internal', 80, '169.254.169.254')).toMatch(/metadata service/);
    expect(rules().address('fe80::1', 80, 'fe80::1')).toBe('is link-local');
    expect(rules().address('a.example', 80, '255.255.255.255')).toMatch(/no single host/);
  });

  it('leave private networks open, until they are blocked', () => {
    expect(rules().address('db', 5432, '10.0.0.5')).toBeNull();
    const block = rules({ internal: 'block' });
    expect(block.address('db', 5432, '10.0.0.5')).toMatch(/REDSTART_EGRESS_PRIVATE=block/);
    expect(block.address('localhost', 80, '::1')).toMatch(/this machine/);
    expect(block.address('example.com', 443, '93.184.215.14')).toBeNull();
  });

  it('let through what is in the list and nothing else, by name, ending, address, network and port', () => {
    const list = rules({
      internal: 'block',
      allow: ['api.github.com', '*.example.com:443', '10.2.0.0/16', '[fd12::/32]', '8.8.8.8:53'],
    });
    const to = (host: string, port: number, address: string) =>
      list.name(host, port) ?? list.address(host, port, address);
    for (const [host, port, address] of [
      ['API.GitHub.com.', 443, '140.82.112.5'],
      ['a.b.example.com', 443, '1.2.3.4'],
      ['somewhere', 80, '10.2.3.4'],
      ['10.2.3.4', 80, '10.2.3.4'],
      ['x', 80, 'fd12::9'],
      ['8.8.8.8', 53, '8.8.8.8'],
    ] as const)
      expect([host, to(host, port, address)]).toEqual([host, null]);
    for (const [host, port, address] of [
      ['github.com', 443, '140.82.112.5'],
      ['evilapi.github.com.example', 443, '1.2.3.4'],
      ['example.com', 443, '1.2.3.4'],
      ['notexample.com', 443, '1.2.3.4'],
      ['a.example.com', 80, '1.2.3.4'],
      ['10.3.0.1', 80, '10.3.0.1'],
      ['8.8.8.8', 443, '8.8.8.8'],
    ] as const)
      expect([host, to(host, port, address)]).toEqual([host, expect.stringContaining('REDSTART_EGRESS_ALLOW')]);
  });

  it('let the configured targets through, yet not a name of theirs that leads to a metadata service', () => {
    const own = [
      { host: '127.0.0.1', port: 4000 },
      { host: 'tower.lan', port: 443 },
      { host: '169.254.9.9', port: 3128 },
    ];
    const strict = rules({ internal: 'block', allow: ['example.com'], own });
    expect(strict.name('tower.lan', 443) ?? strict.address('tower.lan', 443, '10.0.0.9')).toBeNull();
    expect(strict.address('127.0.0.1', 4000, '127.0.0.1')).toBeNull();
    expect(strict.address('169.254.9.9', 3128, '169.254.9.9')).toBeNull();
    expect(strict.address('127.0.0.1', 4001, '127.0.0.1')).not.toBeNull();
    expect(strict.address('tower.lan', 443, '169.254.169.254')).toMatch(/metadata/);
    expect(strict.name('tower.lan', 80)).not.toBeNull();
  });
});

describe('a name that a proxy looks up', () => {
  it('is refused when it is known for metadata, and in a list unless it is named', () => {
    expect(rules().unseen('example.com', 443)).toBeNull();
    expect(rules().unseen('Metadata.Google.Internal.', 80)).toMatch(/metadata service/);
    const list = rules({ allow: ['10.0.0.0/8', 'example.com'] });
    expect(list.unseen('example.com', 443)).toBeNull();
    expect(list.name('db.lan', 443)).toBeNull();
    expect(list.unseen('db.lan', 443)).toMatch(/REDSTART_EGRESS_ALLOW/);
  });
});

describe('isEgressEntry', () => {
  it.each([
    'a',
    'a.b-c.d:80',
    '*.x.org',
    '10.0.0.1',
    '10.0.0.0/8:443',
    'fd00::1',
    'fd00::/8',
    '[fd00::1]:80',
    'localhost',
  ])('takes %s', (text) => expect(isEgressEntry(text)).toBe(true));
  it.each([
    '',
    '*',
    '*.',
    'a b',
    'http://a',
    'a/b',
    '10.0.0.0/33',
    '0x7f.1',
    '10.1',
    'a:0',
    'a:99999',
    'a.*.b',
    '[::1',
    'a/',
  ])('refuses %j', (text) => expect(isEgressEntry(text)).toBe(false));
});
