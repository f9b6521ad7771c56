import { execFile } from 'node:child_process';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { promisify } from 'node:util';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasOpenssl, makeCertificate, pinOf } from '../harness/certificates.ts';
import { type Arrival, answering, startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';
import { createWebhook, expectProblem, ownId, ownType } from './stage.ts';

const server = shareServer();
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

function testUnsaved(
  settings: object,
  { query = '', ...options }: { query?: string; key?: string; once?: string } = {},
) {
  const { key, once } = options;
  return server().call(
    'POST',
    `/webhooks/test${query}`,
    { name: 'unsaved', ...settings },
    {
      ...(key === undefined ? {} : { key }),
      ...(once === undefined ? {} : { headers: { 'idempotency-key': once } }),
    },
  );
}

async function totals() {
  const [events, deliveries, webhooks] = await Promise.all(
    ['/events?limit=250', '/deliveries?limit=250', '/webhooks?limit=250'].map(
      async (path) => (await server().call('GET', path)).body.items.length,
    ),
  );
  return { events, deliveries, webhooks };
}

async function setDefaults(settings: object) {
  onTestFinished(async () => {
    await server().call('PUT', '/settings/webhooks', {});
  });
  expect((await server().call('PUT', '/settings/webhooks', settings)).status).toBe(200);
}

async function operatorKey(): Promise<string> {
  return (await server().call('POST', '/api-keys', { name: ownId(), role: 'operator' })).body.key;
}

/** Listens on loopback until the test has finished; returns the port. */
async function listen(listener: Server): Promise<number> {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void listener.close());
  return (listener.address() as AddressInfo).port;
}

describe('testing a webhook that is not saved', () => {
  test('sends what a saved one would send, and keeps nothing', async () => {
    const receiver = await startReceiver((_arrival, response) => response.writeHead(202).end('thanks'));
    const before = await totals();
    const settings = {
      url: `${receiver.url}/a`,
      method: 'PUT',
      headers: { 'X-A': 'b' },
      eventTypes: ['transfer.failed'],
    };
    const { status, body } = await testUnsaved({ ...settings, auth: { type: 'bearer', token: 'hidden' } });
    const [arrival] = (await receiver.arrived(1)) as [Arrival];
    expect([status, body.ok, body.response.body]).toEqual([200, true, 'thanks']);
    expect(arrival).toMatchObject({ method: 'PUT', path: '/a' });
    expect(arrival.headers).toMatchObject({
      'x-a': 'b',
      authorization: 'Bearer hidden',
      'x-waybill-event': 'webhook.test',
      'x-waybill-attempt': '1',
      'webhook-signature': expect.stringMatching(/^v1,/),
    });
    expect(JSON.parse(arrival.body).event_type).toBe('transfer_failed');
    expect(JSON.stringify(body)).not.toContain('hidden');
    expect(body.request.body).toBe(arrival.body);
    expect(await totals()).toEqual(before);
  });

  test('signs with a secret that is thrown away, or with the one that is given', async () => {
    const receiver = await startReceiver();
    const tested = await testUnsaved({ url: receiver.url });
    expect(JSON.stringify(tested.body)).not.toContain('whsec_');
    await testUnsaved({ url: receiver.url, signingSecret: SECRET });
    const [thrownAway, given] = (await receiver.arrived(2)) as [Arrival, Arrival];
    const verify = ({ body, headers }: Arrival) =>
      new StandardWebhook(SECRET).verify(body, headers as Record<string, string>);
    expect(() => verify(thrownAway)).toThrow();
    expect(() => verify(given)).not.toThrow();
  });

  test('inherits what a saved one would inherit', async () => {
    const receiver = await startReceiver();
    const auth = { type: 'bearer', token: 'inherited' };
    await setDefaults({ url: `${receiver.url}/base/`, method: 'PATCH', auth });
    expect((await testUnsaved({ url: 'below' })).body.ok).toBe(true);
    const [arrival] = (await receiver.arrived(1)) as [Arrival];
    expect(arrival).toMatchObject({ method: 'PATCH', path: '/base/below' });
    expect(arrival.headers.authorization).toBe('Bearer inherited');
  });

  test('by an operator sends no inherited credentials to another origin than that of the default URL', async () => {
    const [receiver, other] = [await startReceiver(), await startReceiver()];
    await setDefaults({ url: receiver.url, auth: { type: 'bearer', token: 'inherited' } });
    const key = await operatorKey();
    expectProblem(await testUnsaved({ url: other.url }, { key }), 422, 'validation_failed', ['/auth']);
    expect((await testUnsaved({ url: other.url, auth: { type: 'none' } }, { key })).body.ok).toBe(true);
    expect((await testUnsaved({}, { key })).body.ok).toBe(true);
    expect((await testUnsaved({ url: other.url })).body.ok).toBe(true);
    expect(other.arrivals.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer inherited']);
  });

  test('takes the sample of ?eventType', async () => {
    const receiver = await startReceiver();
    await testUnsaved({ url: receiver.url }, { query: '?eventType=message.received' });
    const [arrival] = (await receiver.arrived(1)) as [Arrival];
    expect(JSON.parse(arrival.body).eventType).toBe('MESSAGE.RECEIVED.SUCCESS');
    const unknown = await testUnsaved({ url: receiver.url }, { query: '?eventType=transfer.unknown' });
    expectProblem(unknown, 422, 'unknown_event_type', ['?eventType']);
  });

  test.each([
    ['a private address', 'https://10.0.0.1/', {}],
    ['a metadata address', 'http://169.254.169.254/', { allowInsecureHttp: true }],
    ['a public address over plain http', 'http://93.184.215.14/', {}],
    ['an odd spelling of a private address', 'https://0xa000001/', {}],
  ])('of %s answers that the guard refused it', async (_what, url, settings) => {
    const { status, body } = await testUnsaved({ url, ...settings });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ok: false, response: null, remoteAddress: null, error: { code: 'egress_refused' } });
    expect(body.error.message).toContain('WAYBILL_EGRESS_ALLOW');
    expectProblem(await server().call('POST', '/webhooks', { name: 'x', url, ...settings }), 422, 'egress_refused', [
      '/url',
    ]);
  });

  test.each([
    [{ name: undefined, url: 'http://127.0.0.1:9/' }, 400, '/name'],
    [{}, 422, '/url'],
    [{ url: 'ftp://127.0.0.1/' }, 422, '/url'],
    [{ url: 'http://127.0.0.1:9/', headers: { Host: 'x' } }, 422, '/headers/Host'],
    [{ url: 'http://127.0.0.1:9/', eventTypes: ['transfer.unknown'] }, 422, '/eventTypes/0'],
    [{ url: 'http://127.0.0.1:9/', timeoutMs: 1 }, 422, '/timeoutMs'],
    [{ url: 'http://127.0.0.1:9/', colour: 'red' }, 400, '/colour'],
    [{ url: 'http://127.0.0.1:9/', signingSecret: 'whsec_short' }, 422, '/signingSecret'],
    [{ url: 'http://127.0.0.1:9/', auth: { type: 'bearer', token: { set: true } } }, 422, '/auth/token'],
    [{ url: 'http://127.0.0.1:9/', tls: { clientKeyPem: { set: true } } }, 422, '/tls/clientKeyPem'],
    [{ url: 'http://127.0.0.1:9/', tls: { caPem: 'none' } }, 422, '/tls/caPem'],
  ])('that could not be saved, as %j, is refused as saving would refuse it', async (settings, status, pointer) => {
    expectProblem(await testUnsaved(settings), status, 'validation_failed', [pointer]);
    const saved = await server().call('POST', '/webhooks', { name: 'unsaved', ...settings });
    expectProblem(saved, status, 'validation_failed', [pointer]);
  });

  test('with an address that may not be dialled is refused all the same for what else is wrong', async () => {
    const answer = await testUnsaved({ url: 'https://10.0.0.1/', headers: { Host: 'x' } });
    expectProblem(answer, 422, 'validation_failed', ['/headers/Host']);
  });

  test('is sent once for each Idempotency-Key, and its report comes again', async () => {
    const receiver = await startReceiver();
    const once = ownId();
    const first = await testUnsaved({ url: receiver.url }, { once });
    const second = await testUnsaved({ url: receiver.url }, { once });
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect(receiver.arrivals).toHaveLength(1);
    const other = await testUnsaved({ url: receiver.url, method: 'PUT' }, { once });
    expectProblem(other, 422, 'idempotency_mismatch');
  });

  test('as a change of a saved one is signed by that one, and sends the secrets that stay', async () => {
    const receiver = await startReceiver();
    const { id } = await createWebhook(server(), {
      url: 'http://127.0.0.1:9/',
      signingSecret: SECRET,
      auth: { type: 'basic', username: 'u', password: 'stays' },
    });
    const before = await totals();
    const changed = { url: receiver.url, auth: { type: 'basic', username: 'other', password: { set: true } } };
    const { body } = await testUnsaved(changed, { query: `?webhookId=${id}` });
    expect(body.ok).toBe(true);
    const [arrival] = (await receiver.arrived(1)) as [Arrival];
    expect(arrival.headers.authorization).toBe(`Basic ${Buffer.from('other:stays').toString('base64')}`);
    new StandardWebhook(SECRET).verify(arrival.body, arrival.headers as Record<string, string>);
    expect(JSON.parse(arrival.body)).toBeTypeOf('object');
    expect(JSON.stringify(body)).not.toContain('stays');
    expect(await totals()).toEqual(before);
    expect((await server().call('GET', `/webhooks/${id}`)).body.url).toBe('http://127.0.0.1:9/');
  });

  test('as a change of a saved one is for administrators, and of one that there is', async () => {
    const receiver = await startReceiver();
    const { id } = await createWebhook(server(), { url: receiver.url });
    const refused = await testUnsaved({ url: receiver.url }, { query: `?webhookId=${id}`, key: await operatorKey() });
    expectProblem(refused, 403, 'forbidden');
    expectProblem(await testUnsaved({ url: receiver.url }, { query: '?webhookId=wh_none' }), 404, 'not_found');
    const kept = { url: receiver.url, auth: { type: 'bearer', token: { set: true } } };
    expectProblem(await testUnsaved(kept, { query: `?webhookId=${id}` }), 422, 'validation_failed', ['/auth/token']);
    expect(receiver.arrivals).toEqual([]);
  });

  test('needs a key that may test', async () => {
    const { key } = (await server().call('POST', '/api-keys', { name: ownId(), role: 'viewer' })).body;
    expectProblem(await testUnsaved({ url: 'http://127.0.0.1:9/' }, { key }), 403, 'forbidden');
  });
});

describe('a failed test says in one sentence what to do', () => {
  test.each([
    [400, 'http_status', /payload/],
    [401, 'http_status', /auth/],
    [403, 'http_status', /refuses/],
    [404, 'http_status', /path/],
    [415, 'http_status', /contentType/],
    [422, 'http_status', /payload/],
    [500, 'http_status', /log/],
    [302, 'redirect', /redirects to/],
    [410, 'gone', /no longer/],
  ])('when the receiver answers %i', async (status, code, remedy) => {
    const receiver = await startReceiver(answering(status));
    const { error, response } = (await testUnsaved({ url: receiver.url })).body;
    expect(response.status).toBe(status);
    expect(error).toMatchObject({ code, message: expect.stringContaining(String(status)) });
    expect(error.remedy).toMatch(remedy);
    expect(error.remedy).toMatch(/^[A-Z][^\n]*\.$/);
  });

  test('when nothing listens there', async () => {
    const { error } = (await testUnsaved({ url: 'http://127.0.0.1:9/' })).body;
    expect(error).toMatchObject({ code: 'connection_refused', remedy: expect.stringContaining('running') });
  });

  test('when it does not answer in time', async () => {
    const receiver = await startReceiver(() => {});
    const { error, timings } = (await testUnsaved({ url: receiver.url, timeoutMs: 150 })).body;
    expect(error).toMatchObject({ code: 'timeout', remedy: expect.stringContaining('timeoutMs') });
    expect(timings).toMatchObject({ sentMs: expect.any(Number), firstByteMs: null });
  });

  test('when the name leads nowhere', async () => {
    const { error } = (await testUnsaved({ url: 'https://nowhere.invalid/' })).body;
    expect(error).toMatchObject({ code: 'dns_error', remedy: expect.stringContaining('host name') });
  });

  test('when it speaks no TLS', async () => {
    const receiver = await startReceiver();
    const { error, certificate } = (await testUnsaved({ url: receiver.url.replace('http:', 'https:') })).body;
    expect(error).toMatchObject({ code: 'tls_error', remedy: expect.stringContaining('port') });
    expect(certificate).toBeNull();
  });

  describe.skipIf(!hasOpenssl)('(with certificates made by openssl)', () => {
    const authority = hasOpenssl ? makeCertificate({ name: 'CA', isAuthority: true }) : { key: '', cert: '' };

    async function tlsReceiver(pair: { key: string; cert: string }, options: object = {}): Promise<string> {
      const https = createServer({ ...pair, ...options }, (request, response) => {
        request.resume().on('end', () => response.writeHead(204, { connection: 'close' }).end());
      });
      return `https://127.0.0.1:${await listen(https)}/`;
    }

    test.each([
      ['is self-signed', {}, {}, /put that into `tls.pinnedSha256`/],
      ['has expired', { days: -1, issuer: authority }, { caPem: authority.cert }, /renew/],
      ['is for another name', { issuer: authority, altName: 'IP:127.0.0.2' }, { caPem: authority.cert }, /host name/],
      ['is of an unknown authority', { issuer: authority, altName: 'IP:127.0.0.1' }, {}, /tls.caPem/],
      ['is not the pinned one', {}, { pinnedSha256: 'ab'.repeat(32) }, /owner/],
    ])('when its certificate %s, and shows that', async (_what, made, tls, remedy) => {
      const pair = makeCertificate({ altName: 'IP:127.0.0.1', ...made });
      const { body } = await testUnsaved({ url: await tlsReceiver(pair), tls });
      expect(body).toMatchObject({ ok: false, response: null, remoteAddress: '127.0.0.1' });
      expect(body.error.code).toBe('tls_error');
      expect(body.error.remedy).toMatch(remedy);
      expect(body.certificate).toEqual({
        subject: expect.stringContaining('CN='),
        issuer: expect.stringContaining('CN='),
        notBefore: expect.stringMatching(/Z$/),
        notAfter: expect.stringMatching(/Z$/),
        sha256: pinOf(pair),
      });
    });

    test('when it wants a client certificate', async () => {
      const pair = makeCertificate({ issuer: authority, altName: 'IP:127.0.0.1' });
      const url = await tlsReceiver(pair, { requestCert: true, ca: authority.cert });
      const { body } = await testUnsaved({ url, tls: { caPem: authority.cert } });
      expect(body.error).toMatchObject({ code: 'tls_error', remedy: expect.stringContaining('tls.clientCertPem') });
      expect(body.certificate.sha256).toBe(pinOf(pair));
    });

    test('and what it names can be put to use: the fingerprint that a failed test shows is one to pin', async () => {
      const url = await tlsReceiver(makeCertificate({ altName: 'IP:127.0.0.1' }));
      const failed = await testUnsaved({ url });
      const pinnedSha256 = failed.body.certificate.sha256;
      expect(failed.body.error.remedy).toContain(pinnedSha256);
      const { body } = await testUnsaved({ url, tls: { pinnedSha256 } });
      expect(body).toMatchObject({ ok: true, error: null, certificate: { sha256: pinnedSha256 } });
      expect(body.timings.tlsMs).toEqual(expect.any(Number));
      expect(body.curl).toContain('--insecure');
    });
  });
});

test('the curl line sends the same request when it is pasted', async () => {
  const receiver = await startReceiver();
  const headers = { 'X-Quoted': `it's "quoted" $HOME`, 'X-Empty': '' };
  const { body } = await testUnsaved({ url: `${receiver.url}/a?b={1,2}[3]`, headers });
  const ran = await promisify(execFile)('sh', ['-c', body.curl]).catch((error: { code: number }) => error);
  // 127: there is no curl on this machine.
  if ('code' in ran && ran.code === 127) return;
  const [sent, again] = (await receiver.arrived(2)) as [Arrival, Arrival];
  const { accept, ...others } = again.headers;
  expect(accept).toBe('*/*');
  expect({ ...others, connection: undefined }).toEqual({ ...sent.headers, connection: undefined });
  expect([again.method, again.path, again.body]).toEqual([sent.method, sent.path, sent.body]);
});

test('a test of a saved webhook is in the log and in no metric of deliveries', async () => {
  const receiver = await startReceiver(answering(500));
  const { id } = await createWebhook(server(), { url: receiver.url, eventTypes: [ownType()] });
  const metrics = async () => {
    const response = await fetch(`${server().url}/metrics`, {
      headers: { authorization: 'Bearer test-admin-key-of-more-than-32-characters' },
    });
    return (await response.text()).split('\n').filter((line) => /^waybill_(attempt|deliver)/.test(line));
  };
  const before = await metrics();
  expect((await server().call('POST', `/webhooks/${id}/test`)).body.ok).toBe(false);
  expect(await metrics()).toEqual(before);
  const { items } = (await server().call('GET', `/deliveries?webhookId=${id}`)).body;
  expect(items).toMatchObject([{ eventType: 'webhook.test', state: 'exhausted' }]);
});
