import { describe, expect, test } from 'vitest';
import { SetupError } from '../kernel/errors.ts';
import { judgeAddress } from './address-guard.ts';
import { type EgressRules, isOwnInbox, parseEgressAllow, withOwnInboxes } from './allow-list.ts';

function allows(rules: EgressRules, address: string, port: number, hostname = address): boolean {
  return judgeAddress(rules, { address, port, hostname, protocol: 'https:', allowInsecureHttp: false }) === null;
}

describe('WAYBILL_EGRESS_ALLOW', () => {
  test.each([undefined, '', ' , ,'])('allows nothing when it is %j', (text) => {
    expect(allows(parseEgressAllow(text), '127.0.0.1', 80)).toBe(false);
  });

  test.each([
    ['10.0.0.0/8', '10.20.30.40'],
    ['10.1.2.3/8', '10.20.30.40'],
    ['fd00::/8', 'fd12::1'],
    ['::ffff:10.0.0.0/104', '10.20.30.40'],
    ['10.20.30.40', '10.20.30.40'],
    ['0x0a141e28', '10.20.30.40'],
    ['::1', '::1'],
    ['[::1]', '0:0:0:0:0:0:0:1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['10.0.0.0/8', '::ffff:10.0.0.1'],
  ])('the entry %s allows %s on every port', (entry, address) => {
    const rules = parseEgressAllow(`192.168.77.1, ${entry}`);
    expect(allows(rules, address, 80)).toBe(true);
    expect(allows(rules, address, 9000)).toBe(true);
    expect(allows(rules, '192.168.0.1', 80)).toBe(false);
  });

  test.each([
    '127.0.0.1:9000',
    '127.1:9000',
    '0x7f.1:9000',
    '2130706433:9000',
    '0177.0.0.1:9000',
    '[::ffff:127.0.0.1]:9000',
    '[::ffff:7f00:1]:9000',
  ])('the entry %s allows 127.0.0.1 on that port alone', (entry) => {
    const rules = parseEgressAllow(entry);
    expect(allows(rules, '127.0.0.1', 9000)).toBe(true);
    expect(allows(rules, '::ffff:127.0.0.1', 9000)).toBe(true);
    expect(allows(rules, '127.0.0.1', 9001)).toBe(false);
    expect(allows(rules, '127.0.0.2', 9000)).toBe(false);
  });

  test('an IPv6 address with a port allows that port alone', () => {
    const rules = parseEgressAllow('[FD00:0::5]:8443');
    expect(allows(rules, 'fd00::5', 8443)).toBe(true);
    expect(allows(rules, 'fd00::5', 443)).toBe(false);
  });

  test('a name allows whatever it resolves to, on its port, for URLs that use the name', () => {
    const rules = parseEgressAllow('Hooks.Internal:8080');
    expect(allows(rules, '10.0.0.5', 8080, 'hooks.internal')).toBe(true);
    expect(allows(rules, '10.0.0.5', 8080, 'HOOKS.internal.')).toBe(true);
    expect(allows(rules, '10.0.0.5', 8081, 'hooks.internal')).toBe(false);
    expect(allows(rules, '10.0.0.5', 8080, 'other.internal')).toBe(false);
    expect(allows(rules, '10.0.0.5', 8080)).toBe(false);
  });

  test.each([
    'hooks.internal',
    'hooks.internal:',
    'hooks.internal:0',
    'hooks.internal:65536',
    'hooks.internal:http',
    '*.internal:80',
    'http://hooks.internal:80',
    'user@hooks.internal:80',
    'hooks.internal:80/path',
    'hooks%2einternal:80',
    '10/8',
    '10.0.0.0/33',
    'fd00::/129',
    '300.0.0.1:80',
    '[::1',
    '10.0.0.1 10.0.0.2',
  ])('the entry %j is refused by name', (entry) => {
    expect(() => parseEgressAllow(`10.0.0.0/8,${entry}`)).toThrow(SetupError);
    expect(() => parseEgressAllow(`10.0.0.0/8,${entry}`)).toThrow(`WAYBILL_EGRESS_ALLOW: "${entry}"`);
  });
});

describe("Waybill's own inbox", () => {
  const rules = withOwnInboxes(parseEgressAllow(undefined), [
    'https://mft.example/inbox/',
    'http://127.0.0.1:8080/inbox/',
  ]);

  test.each(['http://127.0.0.1:8080/inbox/tests', 'http://127.1:8080/inbox/', 'http://127.0.0.1:8080/inbox/a?x=1'])(
    '%s needs no entry',
    (url) => expect(isOwnInbox(rules, new URL(url))).toBe(true),
  );

  test.each([
    'http://127.0.0.1:8080/inbox',
    'http://127.0.0.1:8080/inbox/../api/v1/webhooks',
    'http://127.0.0.1:8080/inbox/%2e%2e/api/v1/webhooks',
    'http://127.0.0.1:8080/api/inbox/',
    'http://127.0.0.1:8081/inbox/tests',
    'https://127.0.0.1:8080/inbox/tests',
    'http://127.0.0.1:8080@evil.example/inbox/tests',
  ])('%s is judged like any other', (url) => expect(isOwnInbox(rules, new URL(url))).toBe(false));
});
