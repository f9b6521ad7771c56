import { describe, expect, test } from 'vitest';
import { startReceiver } from '../harness/receiver.ts';
import { shareServer, startServer, type TestServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownType, publish, readUntil } from './stage.ts';

function save(server: TestServer, url: string, settings: object = {}) {
  return server.call('POST', '/webhooks', { name: 'x', enabled: false, url, ...settings });
}

async function expectSaved(server: TestServer, url: string, settings: object = {}): Promise<void> {
  expect(await createWebhook(server, { enabled: false, url, ...settings })).toMatchObject({ url });
}

describe('a server that is allowed nothing beside public addresses', () => {
  const server = shareServer({ allow: [] });

  test.each([
    ['no URL at all', ''],
    ['a host alone', 'hooks.example.com'],
    ['a path', '/hook'],
    ['no scheme', '//hooks.example.com/'],
    ['another scheme', 'ftp://hooks.example.com/'],
    ['a script', 'javascript:alert(1)'],
    ['a file', 'file:///etc/passwd'],
    ['no host', 'http://'],
    ['a port that is none', 'https://hooks.example.com:99999/'],
    ['an address that is none', 'https://256.0.0.1/'],
    ['user and password', 'https://user:password@hooks.example.com/'],
    ['a user', 'https://user@hooks.example.com/'],
    ['a password', 'https://:password@hooks.example.com/'],
    ['a fragment', 'https://hooks.example.com/#part'],
    ['more than 2,048 characters', `https://hooks.example.com/${'x'.repeat(2048)}`],
  ])('a URL that is or has %s is refused', async (_what, url) => {
    expectProblem(await save(server(), url), 422, 'validation_failed', ['/url']);
  });

  test.each([
    ['loopback', ['127.0.0.1', '127.255.255.254', '[::1]']],
    ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '[fc00::1]', '[fd12:3456::1]']],
    ['link-local', ['169.254.169.254', '[fe80::1]']],
    ['shared, by carriers', ['100.64.0.1']],
    ['none of a host', ['0.0.0.0', '255.255.255.255', '224.0.0.1', '[::]', '[ff02::1]']],
    ['reserved', ['192.0.2.1', '198.18.0.1', '240.0.0.1', '[2001:db8::1]', '[100::1]']],
    ['a cloud’s own platform', ['168.63.129.16', '[fd00:ec2::254]']],
    ['an IPv4 address in IPv6', ['[::ffff:10.0.0.1]', '[::ffff:a00:1]', '[64:ff9b::10.0.0.1]', '[2002:a00:1::]']],
    ['10.0.0.1 as one number', ['167772161', '0x0a000001', '01200000001']],
    ['10.0.0.1 in parts', ['10.1', '10.0.1', '012.0.0.1', '0xa.0x0.0x0.0x1', '0xA.1', '10.0.0.1.']],
    ['10.0.0.1 in other digits', ['１０.０.０.１', '10。0。0。1', '%31%30.0.0.1', '①⓪.0.0.1']],
  ])('a literal address that is %s is refused, with the rule and the remedy', async (_what, hosts) => {
    for (const host of hosts) {
      for (const url of [`https://${host}/`, `http://${host}:8080/hook`]) {
        const answer = await save(server(), url, { allowInsecureHttp: true });
        expectProblem(answer, 422, 'egress_refused', ['/url']);
        expect(answer.body.detail).toMatch(/ is (an?|the) .*address/);
        expect(answer.body.detail).toContain('WAYBILL_EGRESS_ALLOW');
      }
    }
  });

  test('a public literal address is taken, over plain http only where the webhook says so', async () => {
    await expectSaved(server(), 'https://93.184.215.14/hook');
    await expectSaved(server(), 'https://[2606:2800:21f:cb07::1]/hook');
    await expectSaved(server(), 'http://93.184.215.14/hook', { allowInsecureHttp: true });
    const refused = await save(server(), 'http://93.184.215.14/hook');
    expectProblem(refused, 422, 'egress_refused', ['/url']);
    expect(refused.body.detail).toContain('allowInsecureHttp');
    expect(refused.body.detail).toContain('WAYBILL_EGRESS_ALLOW');
  });

  test.each([
    'https://hooks.example.com/a?b=c',
    'http://hooks.example.com/',
    'http://localhost/',
    'http://metadata.internal/',
  ])('the name in %s is taken: it is judged at each attempt', (url) => expectSaved(server(), url));

  test('a change of the URL, or of what lets it pass, is judged like a new one', async () => {
    const url = 'http://93.184.215.14/hook';
    const { id } = await createWebhook(server(), { url, allowInsecureHttp: true, enabled: false });
    const patch = (body: object) => server().call('PATCH', `/webhooks/${id}`, body);
    expectProblem(await patch({ url: 'http://10.0.0.1/' }), 422, 'egress_refused', ['/url']);
    expectProblem(await patch({ allowInsecureHttp: null }), 422, 'egress_refused', ['/url']);
    expect((await patch({ url: 'https://93.184.215.14/' })).status).toBe(200);
  });

  test('a name that leads to a refused address is refused at each attempt, and nothing is sent', async () => {
    const receiver = await startReceiver();
    const type = ownType();
    const url = `http://localhost:${receiver.port}/`;
    const { id } = await createWebhook(server(), {
      url,
      eventTypes: [type],
      allowInsecureHttp: true,
      retry: { strategy: 'fixed', maxAttempts: 2, delayMs: 0 },
    });
    const tested = await server().call('POST', `/webhooks/${id}/test`);
    expect(tested.body).toMatchObject({ ok: false, response: null, error: { code: 'egress_refused' } });
    expect(tested.body.error.message).toContain(`localhost:${receiver.port}`);
    const { attempts } = await deliveryInState(server(), await publish(server(), type), id, 'exhausted');
    expect(attempts).toMatchObject([{ error: { code: 'egress_refused' } }, { error: { code: 'egress_refused' } }]);
    expect(receiver.arrivals).toEqual([]);
  });
});

describe('a server with an allow list', () => {
  const server = shareServer({
    allow: ['10.0.0.5:8080', '0xAC100005:81', '192.168.0.0/16', '[fd00::5]:80', 'localhost:1', 'hooks.internal:8443'],
  });

  test.each([
    'http://10.0.0.5:8080/',
    'http://0xa000005:8080/',
    'http://[::ffff:10.0.0.5]:8080/',
    'http://172.16.0.5:81/',
    'http://192.168.255.1/',
    'https://192.168.0.1:9443/',
    'http://[fd00::5]/',
    'http://[fd00:0:0::0005]:80/',
  ])('%s may be saved', (url) => expectSaved(server(), url));

  test.each([
    'http://10.0.0.5/',
    'http://10.0.0.6:8080/',
    'https://172.16.0.5/',
    'http://193.168.0.1/',
    'http://[fd00::5]:81/',
    'http://127.0.0.1:1/',
  ])('%s may not be saved', async (url) => {
    expectProblem(await save(server(), url), 422, 'egress_refused', ['/url']);
  });
});

describe('a server that is allowed a name', () => {
  test('sends to what the name resolves to, on that port and under that name alone', async () => {
    const receiver = await startReceiver();
    const server = await startServer({ allow: [`localhost:${receiver.port}`] });
    const type = ownType();
    const byName = await createWebhook(server, { url: `http://localhost:${receiver.port}/`, eventTypes: [type] });
    expectProblem(await save(server, `${receiver.url}/`), 422, 'egress_refused', ['/url']);
    await publish(server, type);
    await receiver.arrived(1);
    await readUntil(server, `/deliveries?webhookId=${byName.id}`, ({ items }) => items[0]?.state === 'delivered');
  });
});
