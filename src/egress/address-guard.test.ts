import { describe, expect, test } from 'vitest';
import { judgeAddress, judgeUrl } from './address-guard.ts';
import { parseEgressAllow } from './allow-list.ts';

const NOTHING_ALLOWED = parseEgressAllow(undefined);

function judge(address: string, changes: { hostname?: string; protocol?: string; allowInsecureHttp?: boolean } = {}) {
  return judgeAddress(NOTHING_ALLOWED, {
    address,
    port: 443,
    hostname: address,
    protocol: 'https:',
    allowInsecureHttp: false,
    ...changes,
  });
}

describe('an address', () => {
  test.each([
    '8.8.8.8',
    '93.184.216.34',
    '1.1.1.1',
    '2606:4700:4700::1111',
    '2a00:1450:4001:800::200e',
    '::ffff:8.8.8.8',
  ])('%s is public and may be dialled', (address) => expect(judge(address)).toBeNull());

  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'link_local'],
    ['fe80::1', 'link_local'],
    ['fe80::1%eth0', 'link_local'],
    ['fc00::1', 'unique_local'],
    ['fd00:ec2::254', 'unique_local'],
    ['fec0::1', 'site_local'],
    ['100.64.0.1', 'carrier_grade_nat'],
    ['100.100.100.200', 'carrier_grade_nat'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['::', 'unspecified'],
    ['255.255.255.255', 'broadcast'],
    ['224.0.0.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['192.0.0.1', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['192.88.99.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['198.51.100.1', 'reserved'],
    ['203.0.113.1', 'reserved'],
    ['240.0.0.1', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['3fff::1', 'reserved'],
    ['2001:2::1', 'reserved'],
    ['5f00::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['::8.8.8.8', 'reserved'],
    ['::127.0.0.1', 'reserved'],
    ['2002:7f00:1::', '6to4'],
    ['2002:808:808::1', '6to4'],
    ['64:ff9b::808:808', 'nat64'],
    ['64:ff9b::127.0.0.1', 'nat64'],
    ['64:ff9b:1::1', 'nat64'],
    ['::ffff:0:127.0.0.1', 'nat64'],
    ['2001::1', 'teredo'],
    ['100::1', 'discard'],
    ['100:0:0:1::1', 'reserved'],
    ['168.63.129.16', 'cloud_platform'],
    ['not an address', 'unreadable'],
  ])('%s is refused as %s', (address, rule) => {
    expect(judge(address)?.rule).toBe(rule);
    expect(judge(address, { allowInsecureHttp: true })?.rule).toBe(rule);
  });

  test('that is refused is named with its kind and the entry that would allow it', () => {
    expect(judge('127.0.0.1')?.message).toBe(
      '127.0.0.1 is a loopback address. To allow it, add 127.0.0.1:443 to WAYBILL_EGRESS_ALLOW.',
    );
    expect(judge('::1')?.message).toContain('add [::1]:443 to WAYBILL_EGRESS_ALLOW');
    expect(judge('10.0.0.5', { hostname: 'hooks.internal' })?.message).toBe(
      'hooks.internal resolves to 10.0.0.5, a private address. ' +
        'To allow it, add hooks.internal:443 to WAYBILL_EGRESS_ALLOW.',
    );
  });

  test('that is public is refused for plain http, unless that is allowed or the address is', () => {
    const refused = judge('8.8.8.8', { protocol: 'http:' });
    expect(refused?.rule).toBe('insecure_http');
    expect(refused?.message).toContain('WAYBILL_EGRESS_ALLOW');
    expect(refused?.message).toContain('allowInsecureHttp');
    expect(judge('8.8.8.8', { protocol: 'http:', allowInsecureHttp: true })).toBeNull();
    const listed = { address: '8.8.8.8', port: 80, hostname: '8.8.8.8', protocol: 'http:', allowInsecureHttp: false };
    expect(judgeAddress(parseEgressAllow('8.8.8.8:80'), listed)).toBeNull();
  });
});

describe('a URL, when it is saved', () => {
  const judgeText = (url: string, allow?: string) =>
    judgeUrl(parseEgressAllow(allow), new URL(url), { allowInsecureHttp: false });

  test.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://127.0.0.1./',
    'https://127%2e0%2e0%2e1/',
    'https://①②⑦.⓪.⓪.①/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://user:password@127.0.0.1/',
    'https://0/',
    'https://169.254.169.254/latest/meta-data/',
  ])('%s is a literal and is refused', (url) => {
    expect(judgeText(url)?.message).toContain('WAYBILL_EGRESS_ALLOW');
  });

  test.each(['https://localhost/', 'http://hooks.example.com/', 'https://127.0.0.1.example.com/'])(
    '%s is a name, judged at each attempt',
    (url) => expect(judgeText(url)).toBeNull(),
  );

  test('is judged with the default port of its protocol', () => {
    expect(judgeText('https://10.0.0.1/', '10.0.0.1:443')).toBeNull();
    expect(judgeText('http://10.0.0.1/', '10.0.0.1:80')).toBeNull();
    expect(judgeText('http://10.0.0.1/', '10.0.0.1:443')?.rule).toBe('private');
  });

  test('is refused for plain http to a public literal', () => {
    expect(judgeText('http://8.8.8.8/')?.rule).toBe('insecure_http');
    expect(judgeUrl(NOTHING_ALLOWED, new URL('http://8.8.8.8/'), { allowInsecureHttp: true })).toBeNull();
  });
});
