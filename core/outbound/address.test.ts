import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPublicAddress, parseAddress } from './address.ts';

const isPublic = (text: string): boolean | null => {
  const address = parseAddress(text);
  return address && isPublicAddress(address);
};

describe('an address of the open internet', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '192.0.1.1',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:82a::200e',
    '::ffff:1.1.1.1',
    '64:ff9b::8.8.8.8',
  ])('%s', (text) => {
    expect(isPublic(text)).toBe(true);
  });
});

describe('any other address', () => {
  it.each([
    ['this machine', '127.0.0.1'],
    ['this machine', '127.255.255.254'],
    ['this machine', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['carrier NAT, and a cloud’s metadata', '100.100.100.200'],
    ['link-local, and the clouds’ metadata', '169.254.169.254'],
    ['a container’s credentials', '169.254.170.2'],
    ['a cloud’s wire server', '168.63.129.16'],
    ['protocol assignments', '192.0.0.192'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['6to4 relay', '192.88.99.1'],
    ['benchmarks', '198.18.0.1'],
    ['benchmarks', '198.19.255.255'],
    ['multicast', '224.0.0.1'],
    ['multicast', '239.255.255.250'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['this machine', '::1'],
    ['nobody', '::'],
    ['this machine, mapped', '::ffff:127.0.0.1'],
    ['this machine, mapped', '::ffff:7f00:1'],
    ['metadata, mapped', '::ffff:169.254.169.254'],
    ['this machine, translated', '::ffff:0:127.0.0.1'],
    ['this machine, compatible', '::127.0.0.1'],
    ['this machine behind NAT64', '64:ff9b::127.0.0.1'],
    ['private behind NAT64', '64:ff9b::a00:1'],
    ['a wire server behind NAT64', '64:ff9b::168.63.129.16'],
    ['local NAT64', '64:ff9b:1::8.8.8.8'],
    ['this machine by 6to4', '2002:7f00:1::1'],
    ['6to4 at all', '2002:808:808::1'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['unique local', 'fc00::1'],
    ['a cloud’s metadata', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['discard', '100::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['segment routing', '5f00::1'],
    ['handed out to nobody', '4000::1'],
  ])('is not: %s %s', (_, text) => {
    expect(isPublic(text)).toBe(false);
  });

  it.each(['', 'example.com', '1.2.3', '0x7f.1', '2130706433', '0177.0.0.1', '[::1]', '1.2.3.4.5'])(
    'is none at all: %j',
    (text) => {
      expect(parseAddress(text)).toBeNull();
    },
  );
});

it('an IPv4 address is judged the same within IPv6', () => {
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      for (const within of [`::ffff:${text}`, `64:ff9b::${text}`]) expect(isPublic(within)).toBe(isPublic(text));
    }),
    { numRuns: 500 },
  );
});
