import { createHash, createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { type Arrival, answering, startReceiver } from '../harness/receiver.ts';
import { makeDataDir, shareServer, startServer, type TestServer } from '../harness/server.ts';
import { answeringAfter, createWebhook, deliveryInState, expectProblem, ownId, ownType, publish } from './stage.ts';

const server = shareServer();
const URL_OF_NOBODY = 'http://127.0.0.1:9/';

interface Jwk {
  kty: string;
  crv: string;
  x: string;
  use: string;
  alg: string;
  kid: string;
}

/** A webhook with a receiver that has had nothing yet. */
async function stage(settings: object) {
  const receiver = await startReceiver();
  const type = ownType();
  const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], ...settings });
  async function arrival(data: object = {}): Promise<Arrival> {
    const eventId = await publish(server(), type, data);
    const [found] = await receiver.arrived(1, ({ headers }) => headers['webhook-id'] === eventId);
    return found as Arrival;
  }
  return { receiver, webhook, type, arrival };
}

function save(settings: object) {
  return server().call('POST', '/webhooks', { name: 'x', url: URL_OF_NOBODY, eventTypes: [ownType()], ...settings });
}

function rotate(id: string, body: object = {}) {
  return server().call('POST', `/webhooks/${id}/rotate-secret`, body);
}

async function keySet({ url }: Pick<TestServer, 'url'> = server()) {
  const response = await fetch(`${url}/.well-known/jwks.json`);
  return { status: response.status, headers: response.headers, body: (await response.json()) as { keys: Jwk[] } };
}

/** The key of the set that a webhook shows as its own. */
async function jwkOf({ publicKey }: { publicKey: string }): Promise<Jwk> {
  const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url');
  const found = (await keySet()).body.keys.filter((key) => key.x === x);
  expect(found).toHaveLength(1);
  return found[0] as Jwk;
}

function signaturesOf({ headers }: Arrival): string[] {
  return String(headers['webhook-signature']).split(' ');
}

/** Whether a `v1a` signature of a request is right, by node:crypto. */
function isSignedWith({ x, kty, crv }: Jwk, signature: string | undefined, { headers, body }: Arrival): boolean {
  expect(signature).toMatch(/^v1a,[A-Za-z0-9+/]{86}==$/);
  const key = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
  const content = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  return verify(null, content, key, Buffer.from((signature ?? '').slice('v1a,'.length), 'base64'));
}

/** As GitHub's documentation has receivers do it. */
function isGenuineToGitHub(secret: string, signature: string | undefined, body: string): boolean {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body, 'utf-8').digest('hex')}`);
  const given = Buffer.from(signature ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

describe('ed25519', () => {
  const signing = { scheme: 'ed25519' };

  test('signs with v1a over id, timestamp and body; the key set has the key, and the webhook shows it too', async () => {
    const { webhook, arrival } = await stage({ signing });
    expect(webhook.publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
    const sent = await arrival({ text: 'ünïcödé ☃' });
    const [signature, ...more] = signaturesOf(sent);
    expect(more).toEqual([]);
    const jwk = await jwkOf(webhook);
    expect(isSignedWith(jwk, signature, sent)).toBe(true);
    expect(isSignedWith(jwk, signature, { ...sent, body: `${sent.body} ` })).toBe(false);
    expect(isSignedWith(jwk, signature, { ...sent, headers: { ...sent.headers, 'webhook-id': 'evt_1' } })).toBe(false);
  });

  test('has both secrets sign while a rotation overlaps, and both public keys in the set', async () => {
    const { webhook, arrival } = await stage({ signing });
    const before = await jwkOf(webhook);
    expect((await rotate(webhook.id, { overlapMs: 60_000 })).status).toBe(200);
    const rotated = (await server().call('GET', `/webhooks/${webhook.id}`)).body;
    expect(rotated.publicKey).not.toBe(webhook.publicKey);
    const [now, old] = [await jwkOf(rotated), await jwkOf(webhook)];
    expect(old).toEqual(before);
    const sent = await arrival();
    const [first, second, ...more] = signaturesOf(sent);
    expect(more).toEqual([]);
    expect([isSignedWith(now, first, sent), isSignedWith(old, first, sent)]).toEqual([true, false]);
    expect([isSignedWith(now, second, sent), isSignedWith(old, second, sent)]).toEqual([false, true]);
  });

  test('with an overlap of 0 the old key signs no more, and is out of the set', async () => {
    const { webhook, arrival } = await stage({ signing });
    const old = await jwkOf(webhook);
    await rotate(webhook.id, { overlapMs: 0 });
    expect((await keySet()).body.keys).not.toContainEqual(old);
    const rotated = (await server().call('GET', `/webhooks/${webhook.id}`)).body;
    const sent = await arrival();
    expect(signaturesOf(sent)).toHaveLength(1);
    expect(isSignedWith(await jwkOf(rotated), signaturesOf(sent)[0], sent)).toBe(true);
  });

  test('shows the public key in each read, in a repeated answer, and not with another scheme', async () => {
    const body = { name: 'x', url: URL_OF_NOBODY, eventTypes: [ownType()], signing };
    const once = { headers: { 'idempotency-key': ownId() } };
    const { publicKey, id } = (await server().call('POST', '/webhooks', body, once)).body;
    expect(publicKey).toMatch(/^whpk_/);
    await rotate(id);
    expect((await server().call('POST', '/webhooks', body, once)).body).toMatchObject({ id, publicKey });
    const shown = (await server().call('GET', `/webhooks/${id}`)).body;
    const { items } = (await server().call('GET', '/webhooks?limit=250')).body;
    expect(items.find((item: { id: string }) => item.id === id).publicKey).toBe(shown.publicKey);
    expect((await server().call('POST', `/webhooks/${id}/pause`)).body.publicKey).toBe(shown.publicKey);
    const changed = await server().call('PATCH', `/webhooks/${id}`, { signing: { scheme: 'standard' } });
    expect(changed.body).not.toHaveProperty('publicKey');
    await server().call('DELETE', `/webhooks/${id}`);
  });

  test('the secret in force cannot be put in force once more', async () => {
    const { webhook } = await stage({ signing });
    const again = await rotate(webhook.id, { signingSecret: webhook.signingSecret });
    expectProblem(again, 422, 'validation_failed', ['/signingSecret']);
  });
});

describe('GET /.well-known/jwks.json', () => {
  test('needs no API key, may be cached for minutes, and holds public Ed25519 keys named by their thumbprint', async () => {
    const { webhook } = await stage({ signing: { scheme: 'ed25519' } });
    const { status, headers } = await keySet();
    expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
    expect(headers.get('content-type')).toMatch(/^application\/json\b/);
    const jwk = await jwkOf(webhook);
    // RFC 7638 §3.1, for the members that RFC 8037 §2 names.
    const thumbprint = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`).digest('base64url');
    expect(jwk).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      x: expect.stringMatching(/^[\w-]{43}$/),
      use: 'sig',
      alg: 'EdDSA',
      kid: thumbprint,
    });
  });

  test('lists no key twice, none of another scheme and none of a deleted webhook', async () => {
    const signingSecret = `whsec_${Buffer.from(ownId().replaceAll('-', '')).toString('base64')}`;
    const settings = { url: URL_OF_NOBODY, eventTypes: [ownType()], signingSecret };
    const first = await createWebhook(server(), { ...settings, signing: { scheme: 'ed25519' } });
    const second = await createWebhook(server(), { ...settings, signing: { scheme: 'ed25519' }, enabled: false });
    expect(second.publicKey).toBe(first.publicKey);
    const jwk = await jwkOf(first);
    await server().call('PATCH', `/webhooks/${first.id}`, { signing: { scheme: 'github' } });
    expect((await keySet()).body.keys).toContainEqual(jwk);
    await server().call('DELETE', `/webhooks/${second.id}`);
    expect((await keySet()).body.keys).not.toContainEqual(jwk);
  });

  test('has the keys of webhooks that inherit the scheme, and the same ones after a restart', async () => {
    const dataDir = makeDataDir();
    const first = await startServer({ dataDir });
    await first.call('PUT', '/settings/webhooks', { signing: { scheme: 'ed25519' } });
    const { id, publicKey, inherited } = (await first.call('POST', '/webhooks', { name: 'x', url: URL_OF_NOBODY }))
      .body;
    expect([publicKey, inherited]).toEqual([expect.stringMatching(/^whpk_/), expect.arrayContaining(['signing'])]);
    const { keys } = (await keySet(first)).body;
    expect(keys).toHaveLength(1);
    await first.stop();
    const second = await startServer({ dataDir });
    expect((await keySet(second)).body.keys).toEqual(keys);
    expect((await second.call('GET', `/webhooks/${id}`)).body.publicKey).toBe(publicKey);
    await second.call('PUT', '/settings/webhooks', {});
    expect((await keySet(second)).body).toEqual({ keys: [] });
  });
});

describe('github and gomft', () => {
  test('github signs the bytes of the body with the secret as it is shown, the way GitHub does', async () => {
    const { webhook, arrival } = await stage({ signing: { scheme: 'github' } });
    const { headers, body } = await arrival({ text: 'ünïcödé ☃' });
    const signature = headers['x-hub-signature-256'] as string;
    expect(signature).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(isGenuineToGitHub(webhook.signingSecret, signature, body)).toBe(true);
    expect(isGenuineToGitHub(webhook.signingSecret, signature, `${body} `)).toBe(false);
    expect(webhook).not.toHaveProperty('publicKey');
  });

  test('gomft signs with a bare hex text', async () => {
    const { webhook, arrival } = await stage({ signing: { scheme: 'gomft' } });
    const { headers, body } = await arrival();
    expect(headers['x-gomft-signature']).toBe(createHmac('sha256', webhook.signingSecret).update(body).digest('hex'));
  });

  test.each([
    ['github', 'X-Sig', /^sha256=[0-9a-f]{64}$/],
    ['gomft', "x-!#$%&'*+.^_`|~1", /^[0-9a-f]{64}$/],
  ])('%s signs in the header that headerName names, and in no other', async (scheme, headerName, form) => {
    const { webhook, arrival } = await stage({ signing: { scheme, headerName } });
    expect(webhook.signing).toEqual({ scheme, headerName });
    const { headers } = await arrival();
    expect(headers[headerName.toLowerCase()]).toMatch(form);
    expect(Object.keys(headers).filter((name) => name.includes('signature'))).toEqual([]);
  });

  test.each([
    ['github', undefined, 'x-hub-signature-256'],
    ['gomft', 'X-Sig', 'x-sig'],
  ])(
    '%s: while a rotation overlaps the newest secret signs there, and the one before in …-Previous',
    async (scheme, headerName, name) => {
      const { webhook, arrival } = await stage({ signing: { scheme, ...(headerName && { headerName }) } });
      expect((await arrival()).headers).not.toHaveProperty(`${name}-previous`);
      const { signingSecret } = (await rotate(webhook.id, { overlapMs: 60_000 })).body;
      const { headers, body } = await arrival();
      const hex = (secret: string) => createHmac('sha256', secret).update(body).digest('hex');
      expect(String(headers[name])).toMatch(new RegExp(`${hex(signingSecret)}$`));
      expect(String(headers[`${name}-previous`])).toMatch(new RegExp(`${hex(webhook.signingSecret)}$`));
      await rotate(webhook.id, { overlapMs: 0 });
      expect((await arrival()).headers).not.toHaveProperty(`${name}-previous`);
    },
  );

  test('the secret in force cannot be put in force once more', async () => {
    const { webhook } = await stage({ signing: { scheme: 'github' } });
    const again = await rotate(webhook.id, { signingSecret: webhook.signingSecret });
    expectProblem(again, 422, 'validation_failed', ['/signingSecret']);
  });
});

describe('every scheme', () => {
  test.each([
    ['standard', ['webhook-signature']],
    ['ed25519', ['webhook-signature']],
    ['github', ['x-hub-signature-256']],
    ['gomft', ['x-gomft-signature']],
    ['none', []],
  ])(
    '%s sends id and timestamp, and signs in %j alone; the log shows the headers as they were sent',
    async (scheme, names) => {
      const { webhook, type, receiver } = await stage({ signing: { scheme } });
      expect(webhook.signing).toEqual({ scheme });
      const eventId = await publish(server(), type);
      const [sent] = await receiver.arrived(1);
      const headers = sent?.headers ?? {};
      expect(headers).toMatchObject({ 'webhook-id': eventId, 'webhook-timestamp': expect.stringMatching(/^\d{10}$/) });
      expect(Object.keys(headers).filter((name) => name.includes('signature'))).toEqual(names);
      const { host: _, connection: __, 'content-length': ___, ...ours } = headers;
      const delivery = await deliveryInState(server(), eventId, webhook.id, 'delivered');
      expect(delivery.attempts[0].request.headers).toEqual(ours);
      const tested = (await server().call('POST', `/webhooks/${webhook.id}/test`)).body;
      expect(Object.keys(tested.request.headers).filter((name: string) => name.includes('signature'))).toEqual(names);
    },
  );

  test('a retry is signed by the scheme of today', async () => {
    const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 0, jitter: 0 };
    const { receiver, webhook, type } = await stage({ retry, signing: { scheme: 'github' } });
    receiver.respond = answeringAfter(async () => {
      await server().call('PATCH', `/webhooks/${webhook.id}`, { signing: { scheme: 'standard' } });
      receiver.respond = answering(204);
    }, 500);
    await publish(server(), type);
    const [first, second] = (await receiver.arrived(2)) as [Arrival, Arrival];
    expect(first.headers).toHaveProperty('x-hub-signature-256');
    expect(second.headers).not.toHaveProperty('x-hub-signature-256');
    new StandardWebhook(webhook.signingSecret).verify(second.body, second.headers as Record<string, string>);
  });

  test('a patch with another scheme replaces the whole, and one with the same scheme a part', async () => {
    const { webhook } = await stage({ signing: { scheme: 'github', headerName: 'X-Sig' } });
    const signingAfter = async (signing: object | null) =>
      (await server().call('PATCH', `/webhooks/${webhook.id}`, { signing })).body.signing;
    expect(await signingAfter({ scheme: 'github' })).toEqual({ scheme: 'github', headerName: 'X-Sig' });
    expect(await signingAfter({ headerName: 'X-Other' })).toEqual({ scheme: 'github', headerName: 'X-Other' });
    expect(await signingAfter({ scheme: 'gomft' })).toEqual({ scheme: 'gomft' });
    expect(await signingAfter({ headerName: 'X-Sig' })).toEqual({ scheme: 'gomft', headerName: 'X-Sig' });
    expect(await signingAfter({ headerName: null })).toEqual({ scheme: 'gomft' });
    expect(await signingAfter({ headerName: 'X-Sig' })).toEqual({ scheme: 'gomft', headerName: 'X-Sig' });
    expect(await signingAfter({ scheme: 'ed25519', headerName: null })).toEqual({ scheme: 'ed25519' });
    expect(await signingAfter(null)).toEqual({ scheme: 'standard' });
  });
});

describe('what is refused', () => {
  const bearer = { type: 'bearer', token: 't' };
  const apiKey = { type: 'api_key', name: 'X-Key', value: 'v', in: 'header' };
  const github = (headerName: unknown) => ({ signing: { scheme: 'github', headerName } });

  test.each([
    ['an unknown scheme', { signing: { scheme: 'hmac' } }, 422, '/signing/scheme'],
    ['no scheme', { signing: {} }, 400, '/signing/scheme'],
    ['a header name for standard', { signing: { scheme: 'standard', headerName: 'X' } }, 400, '/signing/headerName'],
    ['a header name for ed25519', { signing: { scheme: 'ed25519', headerName: 'X' } }, 400, '/signing/headerName'],
    ['a header name for none', { signing: { scheme: 'none', headerName: 'X' } }, 400, '/signing/headerName'],
    ['a header name that is a number', github(5), 400, '/signing/headerName'],
    ['an empty header name', github(''), 422, '/signing/headerName'],
    ['a header name of 201 characters', github('x'.repeat(201)), 422, '/signing/headerName'],
    ['a header name with a space', github('X Sig'), 422, '/signing/headerName'],
    ['a header name with a line break', github('X\r\nSig'), 422, '/signing/headerName'],
    ['a header name in Cyrillic', github('Х-Sig'), 422, '/signing/headerName'],
    ['a header that frames the message', github('Content-Length'), 422, '/signing/headerName'],
    ['a header of Standard Webhooks', github('Webhook-Signature'), 422, '/signing/headerName'],
    ['a header of ours', github('X-Waybill-Signature'), 422, '/signing/headerName'],
    ['a header that the webhook sets', { ...github('X-Sig'), headers: { 'x-sig': '1' } }, 422, '/signing/headerName'],
    [
      'the usual header where the webhook sets it',
      { signing: { scheme: 'gomft' }, headers: { 'X-GoMFT-Signature': '1' } },
      422,
      '/signing/headerName',
    ],
    [
      'a header whose …-Previous the webhook sets',
      { ...github('X-Sig'), headers: { 'X-Sig-Previous': '1' } },
      422,
      '/signing/headerName',
    ],
    ['the header of the auth', { ...github('Authorization'), auth: bearer }, 422, '/signing/headerName'],
    ['the header of the API key', { ...github('x-key'), auth: apiKey }, 422, '/signing/headerName'],
  ])('%s, with its place', async (_what, settings, status, pointer) => {
    expectProblem(await save(settings), status, 'validation_failed', [pointer]);
    expectProblem(await server().call('PUT', '/settings/webhooks', settings), status, 'validation_failed', [pointer]);
  });

  test('own headers and inherited signing, or the other way round, are judged together', async () => {
    const other = await startServer();
    const make = (settings: object) => other.call('POST', '/webhooks', { name: 'x', url: URL_OF_NOBODY, ...settings });
    await other.call('PUT', '/settings/webhooks', { signing: { scheme: 'github' } });
    const headers = { 'X-Hub-Signature-256': '1' };
    expectProblem(await make({ headers }), 422, 'validation_failed', ['/headers/X-Hub-Signature-256']);
    const auth = { type: 'api_key', name: 'X-Hub-Signature-256', value: 'v', in: 'header' };
    expectProblem(await make({ auth }), 422, 'validation_failed', ['/auth']);

    await other.call('PUT', '/settings/webhooks', { headers: { 'X-Ours': '1' } });
    expectProblem(await make(github('x-ours')), 422, 'validation_failed', ['/signing/headerName']);
    const { id } = (await make({ ...github('X-Own'), headers: {} })).body;
    await other.call('PATCH', `/webhooks/${id}`, { headers: null });
    const clashing = await other.call('PUT', '/settings/webhooks', { headers: { 'X-Own': '1' } });
    expectProblem(clashing, 422, 'validation_failed', ['/headers']);
    expect(clashing.body.detail).toContain(id);
  });

  test('a default scheme whose header a webhook sets is refused, and names the webhook', async () => {
    const other = await startServer();
    const headers = { 'X-GoMFT-Signature': '1' };
    const { id } = (await other.call('POST', '/webhooks', { name: 'x', url: URL_OF_NOBODY, headers })).body;
    const refused = await other.call('PUT', '/settings/webhooks', { signing: { scheme: 'gomft' } });
    expectProblem(refused, 422, 'validation_failed', ['/signing']);
    expect(refused.body.detail).toContain(id);
  });
});
