import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { makeDataDir, shareServer, startServer, type TestServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownId, ownType, publish, readUntil } from './stage.ts';

/** Nothing is allowed beside public addresses, as on a fresh install. */
const server = shareServer({ allow: [] });

async function makeInbox(answer: object = {}, on: TestServer = server()) {
  const name = ownId();
  const made = await on.call('PUT', `/inboxes/${name}`, { answer });
  expect(made.status).toBe(200);
  return made.body as { name: string; url: string };
}

/** The requests that an inbox has received, once there are so many, newest first and whole. */
async function received(name: string, count: number, on: TestServer = server()) {
  const { items } = await readUntil(on, `/inboxes/${name}/requests`, ({ items }) => items.length >= count);
  return Promise.all(
    items.map(async ({ id }: { id: string }) => (await on.call('GET', `/inboxes/${name}/requests/${id}`)).body),
  );
}

const post = (url: string, body: string | Buffer = '', headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers });

describe('a webhook to the built-in receiver', () => {
  test.each(['standard', 'ed25519', 'github', 'gomft'])(
    'is saved and delivered where nothing else is allowed, and its signature of the scheme %s is valid',
    async (scheme) => {
      const { name, url } = await makeInbox();
      const type = ownType();
      const { id } = await createWebhook(server(), { url, eventTypes: [type], signing: { scheme } });
      const eventId = await publish(server(), type, { text: 'Größe: 7 €' });
      const delivery = await deliveryInState(server(), eventId, id, 'delivered');
      const [request] = await received(name, 1);
      expect(request).toMatchObject({
        method: 'POST',
        path: `/inbox/${name}`,
        contentType: 'application/json',
        eventId,
        eventType: type,
        deliveryId: delivery.id,
        attemptNumber: 1,
        signature: { verdict: 'valid', scheme, webhookId: id, reason: null },
        answer: { status: 200, retryAfterS: null, delayMs: 0 },
      });
      expect(request.body).toBe(delivery.attempts[0].request.body);
      const inbox = (await server().call('GET', `/inboxes/${name}`)).body;
      expect(inbox).toMatchObject({ webhookIds: [id], requestCount: 1, droppedCount: 0 });
      expect(inbox.lastRequestAt).toBe(request.receivedAt);
    },
  );

  test('is still valid while a rotation overlaps, and not checked where it does not sign', async () => {
    const { name, url } = await makeInbox();
    const { id } = await createWebhook(server(), { url, eventTypes: [ownType()] });
    const test = () => server().call('POST', `/webhooks/${id}/test`);
    await server().call('POST', `/webhooks/${id}/rotate-secret`);
    expect((await test()).body.ok).toBe(true);
    await server().call('PATCH', `/webhooks/${id}`, { signing: { scheme: 'none' } });
    await test();
    const [unsigned, signed] = await received(name, 2);
    expect(signed.signature).toMatchObject({ verdict: 'valid', scheme: 'standard' });
    expect(unsigned.signature).toEqual({
      verdict: 'not_checked',
      scheme: null,
      webhookId: id,
      reason: 'the webhook does not sign its requests',
    });
  });

  test('reaches no other path of the same origin, also where the URL only looks like the inbox', async () => {
    const { url } = await makeInbox();
    const origin = new URL(url).origin;
    for (const path of ['/api/v1/webhooks', '/inbox', '/inbox/../healthz', '/inbox/%2e%2e/healthz']) {
      const saved = await server().call('POST', '/webhooks', { name: 'x', url: `${origin}${path}` });
      expectProblem(saved, 422, 'egress_refused', ['/url']);
    }
  });

  test('may be at the public URL too, which is the one to show', async () => {
    const dataDir = makeDataDir();
    const here = await startServer({ allow: [], dataDir, env: { WAYBILL_BASE_URL: 'https://mft.example/way' } });
    const { name, url } = await makeInbox({}, here);
    expect(url).toBe(`https://mft.example/way/inbox/${name}`);
    const { id } = await createWebhook(here, { url });
    await createWebhook(here, { url: `${here.url}/inbox/${name}` });
    const { webhookIds } = (await here.call('GET', `/inboxes/${name}`)).body;
    expect(webhookIds).toHaveLength(2);
    expect(webhookIds).toContain(id);
    await here.call('PUT', `/inboxes/${name}`, { answer: { status: 500 } });
    await post(`${here.url}/inbox/${name}`);
    await here.stop();

    const again = await startServer({ allow: [], dataDir });
    expect((await again.call('GET', `/inboxes/${name}`)).body).toMatchObject({
      url: `${again.url}/inbox/${name}`,
      answer: { status: 500 },
      requestCount: 0,
    });
  });

  test('shows no credentials: not its own, and not those of a browser that is signed in', async () => {
    const { name, url } = await makeInbox();
    const auth = { type: 'api_key', in: 'query', name: 'door', value: 'open-sesame' };
    const { id } = await createWebhook(server(), { url: `${url}/below?a=1`, auth, eventTypes: [ownType()] });
    await server().call('POST', `/webhooks/${id}/test`);
    await post(url, '', { authorization: 'Bearer open-sesame', cookie: 'waybill_session=open-sesame' });
    const [second, first] = await received(name, 2);
    expect(first.path).toBe(`/inbox/${name}/below?a=1&door=***`);
    expect(first.signature.verdict).toBe('valid');
    expect(second.headers).toMatchObject({ authorization: '***', cookie: '***' });
    expect(JSON.stringify([first, second])).not.toContain('open-sesame');
  });
});

describe('a signature that is not valid', () => {
  const SECRET = `whsec_${Buffer.alloc(32, 'a secret for tests ').toString('base64')}`;
  const nowS = () => Math.floor(Date.now() / 1000);

  function signed(body: string, timestamp: number, secret = SECRET): Record<string, string> {
    const signature = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
      .update(`evt_1.${timestamp}.${body}`)
      .digest('base64');
    return { 'webhook-id': 'evt_1', 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` };
  }

  async function verdictOn(body: string, headers: Record<string, string>, signing: object = { scheme: 'standard' }) {
    const { name, url } = await makeInbox();
    await createWebhook(server(), { url, signingSecret: SECRET, signing, eventTypes: [ownType()] });
    await post(url, body, headers);
    const [{ signature }] = await received(name, 1);
    return [signature.verdict, signature.reason];
  }

  test('says why in words', async () => {
    const tampered = 'it was made with another secret, or the request was changed on the way';
    expect(await verdictOn('{}', signed('{}', nowS()))).toEqual(['valid', null]);
    expect(await verdictOn('{ }', signed('{}', nowS()))).toEqual(['wrong', tampered]);
    const another = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
    expect(await verdictOn('{}', signed('{}', nowS(), another))).toEqual(['wrong', tampered]);
    expect(await verdictOn('{}', signed('{}', nowS() - 3600))).toEqual([
      'wrong',
      expect.stringMatching(/^webhook-timestamp is 36\d\d seconds old/),
    ]);
    expect(await verdictOn('{}', {})).toEqual(['wrong', 'no header webhook-id, webhook-timestamp, webhook-signature']);
    const github = { scheme: 'github', headerName: 'X-Sig' };
    expect(await verdictOn('{}', signed('{}', nowS()), github)).toEqual(['wrong', 'no header x-sig']);
    expect(await verdictOn('{}', signed('{}', nowS()), { scheme: 'ed25519' })).toEqual([
      'wrong',
      'it is not signed by the scheme ed25519, as the webhook signs',
    ]);
  });

  test('is not looked for where no webhook sends', async () => {
    const { name, url } = await makeInbox();
    await post(url, '{}', signed('{}', nowS()));
    const [{ signature }] = await received(name, 1);
    expect(signature).toMatchObject({ verdict: 'not_checked', webhookId: null });
  });
});

describe('what an inbox takes and answers', () => {
  test('any method and any body, byte for byte, without a key', async () => {
    const { name, url } = await makeInbox({ status: 204 });
    const bytes = Buffer.from([0, 255, 1]);
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const answer = await fetch(`${url}/a/b?c=d`, { method, body: bytes, headers: { 'content-type': 'x/y; z' } });
      expect(answer.status).toBe(204);
    }
    expect((await fetch(url)).status).toBe(204);
    expect((await post(url, '{ "not": json', { 'idempotency-key': 'k' })).status).toBe(204);
    const [last, get, ...others] = await received(name, 5);
    expect(last).toMatchObject({ method: 'POST', body: '{ "not": json' });
    expect(get).toMatchObject({ method: 'GET', body: '', bodyBytes: 0 });
    for (const other of others) {
      expect(other).toMatchObject({ path: `/inbox/${name}/a/b?c=d`, body: null, bodyBase64: bytes.toString('base64') });
    }
  });

  test('status, Retry-After and delay as it is set, from the next request on', async () => {
    const { name, url } = await makeInbox({ status: 429, retryAfterS: 7, delayMs: 50 });
    const slow = await post(url);
    expect([slow.status, slow.headers.get('retry-after')]).toEqual([429, '7']);
    await server().call('PUT', `/inboxes/${name}`, {});
    const plain = await post(url);
    expect([plain.status, plain.headers.get('retry-after'), await plain.text()]).toEqual([200, null, '']);
  });

  test('nothing, when it is to hang: the sender times out', async () => {
    const { name, url } = await makeInbox({ hang: true });
    const { id } = await createWebhook(server(), { url, timeoutMs: 200, eventTypes: [ownType()] });
    const tested = await server().call('POST', `/webhooks/${id}/test`);
    expect(tested.body).toMatchObject({ ok: false, error: { code: 'timeout' } });
    expect((await received(name, 1))[0]).toMatchObject({ answer: { hang: true }, signature: { verdict: 'valid' } });
  });

  test('a sender that waits no longer than the delay is let go', async () => {
    const { name, url } = await makeInbox({ status: 503, retryAfterS: 1, delayMs: 300 });
    const { id } = await createWebhook(server(), { url, timeoutMs: 100, eventTypes: [ownType()] });
    expect((await server().call('POST', `/webhooks/${id}/test`)).body.error.code).toBe('timeout');
    expect((await post(url)).status).toBe(503);
    expect(await received(name, 2)).toHaveLength(2);
  });

  test('a sender that hangs does not hold up the end of the server', async () => {
    const own = await startServer({ allow: [] });
    const { name, url } = await makeInbox({ hang: true }, own);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`GET /inbox/${name} HTTP/1.1\r\nhost: a\r\n\r\n`);
    await received(name, 1, own);
    expect(await own.stop()).toBe(0);
  });

  test('a problem, where there is no such inbox or the body is too large', async () => {
    const { name, url } = await makeInbox();
    const missing = await post(url.replace(name, 'nobody'), '{}');
    expect([missing.status, ((await missing.json()) as { code: string }).code]).toEqual([404, 'not_found']);
    const large = await post(url, Buffer.alloc(1024 * 1024 + 1));
    expect([large.status, ((await large.json()) as { code: string }).code]).toEqual([413, 'payload_too_large']);
    expect((await post(url, Buffer.alloc(1024 * 1024))).status).toBe(200);
  });

  test('keeps the last 200 requests, and says how many were dropped', async () => {
    const { name, url } = await makeInbox();
    for (let i = 0; i < 203; i += 1) await post(url, String(i));
    expect((await server().call('GET', `/inboxes/${name}`)).body).toMatchObject({ requestCount: 200, droppedCount: 3 });
    expect((await server().call('DELETE', `/inboxes/${name}/requests`)).status).toBe(204);
    expect((await server().call('GET', `/inboxes/${name}`)).body).toMatchObject({ requestCount: 0, droppedCount: 0 });
  });
});

describe('setting up an inbox', () => {
  test.each([
    [{ answer: { status: 199 } }, 422, ['/answer/status']],
    [{ answer: { status: 600 } }, 422, ['/answer/status']],
    [{ answer: { status: '200' } }, 400, ['/answer/status']],
    [{ answer: { delayMs: -1 } }, 422, ['/answer/delayMs']],
    [{ answer: { retryAfterS: 86_401 } }, 422, ['/answer/retryAfterS']],
    [{ answer: { hang: false } }, 422, ['/answer/hang']],
    [{ answer: { hang: true, status: 200 } }, 422, ['/answer/status']],
    [{ answer: { body: 'x' } }, 400, ['/answer/body']],
  ])('%j is refused at its member', async (body, status, pointers) => {
    const name = ownId();
    expectProblem(await server().call('PUT', `/inboxes/${name}`, body), status, 'validation_failed', pointers);
    expect((await server().call('GET', `/inboxes/${name}`)).status).toBe(404);
  });

  test.each(['Upper', 'a_b', 'a.b', 'x'.repeat(41), '%20'])('%j is no name for one', async (name) => {
    expectProblem(await server().call('PUT', `/inboxes/${name}`, {}), 400, 'validation_failed');
  });

  test('what was read can be sent back', async () => {
    const { name } = await makeInbox({ status: 503 });
    const { answer } = (await server().call('GET', `/inboxes/${name}`)).body;
    expect((await server().call('PUT', `/inboxes/${name}`, { answer })).body.answer).toEqual(answer);
  });

  test('one that webhooks send to cannot be deleted; the refusal names one of them', async () => {
    const { name, url } = await makeInbox();
    const { id } = await createWebhook(server(), { url, eventTypes: [ownType()] });
    const refused = await server().call('DELETE', `/inboxes/${name}`);
    expectProblem(refused, 409, 'in_use');
    expect(refused.body.detail).toContain(id);
    await server().call('DELETE', `/webhooks/${id}`);
    expect((await server().call('DELETE', `/inboxes/${name}`)).status).toBe(204);
    expect((await post(url)).status).toBe(404);
  });

  test('there are 50 at most', async () => {
    const own = await startServer({ allow: [] });
    for (let i = 0; i < 50; i += 1) await makeInbox({}, own);
    expectProblem(await own.call('PUT', '/inboxes/one-more', {}), 409, 'conflict');
    const [{ name }] = (await own.call('GET', '/inboxes?limit=1')).body.items;
    expect((await own.call('PUT', `/inboxes/${name}`, { answer: { status: 500 } })).status).toBe(200);
  });
});
