import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { describe, expect, test } from 'vitest';
import { type Arrival, startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';
import { createWebhook, expectProblem, ownId, ownType, publish, readUntil } from './stage.ts';

const server = shareServer();
const DAY_MS = 86_400_000;
const SECRET = /^whsec_[A-Za-z0-9+/]{43}=$/;

/** A webhook with a receiver that has had nothing yet. */
async function stage(settings: object = {}) {
  const receiver = await startReceiver();
  const type = ownType();
  const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], ...settings });
  async function arrival(): Promise<Arrival> {
    const eventId = await publish(server(), type);
    const [found] = await receiver.arrived(1, ({ headers }) => headers['webhook-id'] === eventId);
    return found as Arrival;
  }
  return { receiver, webhook, type, arrival };
}

function rotate(id: string, body?: object, options: object = {}) {
  return server().call('POST', `/webhooks/${id}/rotate-secret`, body, options);
}

async function read(id: string) {
  return (await server().call('GET', `/webhooks/${id}`)).body;
}

/** Which of the secrets a receiver could have verified the request with, by the libraries that receivers use. */
function verifiedBy({ body, headers }: Arrival, ...secrets: string[]): boolean[] {
  return secrets.map((secret) => {
    const verdicts = [new StandardWebhook(secret), new SvixWebhook(secret)].map((verifier) => {
      try {
        verifier.verify(body, headers as Record<string, string>);
        return true;
      } catch {
        return false;
      }
    });
    expect(verdicts[0]).toBe(verdicts[1]);
    return verdicts[0] as boolean;
  });
}

function signaturesOf({ headers }: Arrival): string[] {
  return String(headers['webhook-signature']).split(' ');
}

function aSecret(): string {
  return `whsec_${Buffer.from(ownId().replaceAll('-', '')).toString('base64')}`;
}

describe('rotating the secret of a webhook', () => {
  test('shows the new one, and until when the old one signs too: for a day unless said otherwise', async () => {
    const { webhook } = await stage();
    const before = Date.now();
    const { status, body } = await rotate(webhook.id);
    const after = Date.now();
    expect([status, body]).toEqual([
      200,
      { signingSecret: expect.stringMatching(SECRET), previousExpiresAt: expect.any(String) },
    ]);
    expect(body.signingSecret).not.toBe(webhook.signingSecret);
    const expiresAt = Date.parse(body.previousExpiresAt);
    expect(expiresAt).toBeGreaterThanOrEqual(before + DAY_MS);
    expect(expiresAt).toBeLessThanOrEqual(after + DAY_MS);
  });

  test('has both sign from the next attempt on, the new one first, each good for itself', async () => {
    const { webhook, arrival } = await stage();
    const { signingSecret } = (await rotate(webhook.id, { overlapMs: 60_000 })).body;
    const sent = await arrival();
    expect(verifiedBy(sent, signingSecret, webhook.signingSecret, aSecret())).toEqual([true, true, false]);
    const [first, second, ...more] = signaturesOf(sent);
    expect(more).toEqual([]);
    const only = (signature: string): Arrival => ({
      ...sent,
      headers: { ...sent.headers, 'webhook-signature': signature },
    });
    expect(verifiedBy(only(first as string), signingSecret, webhook.signingSecret)).toEqual([true, false]);
    expect(verifiedBy(only(second as string), signingSecret, webhook.signingSecret)).toEqual([false, true]);
  });

  test('ends the old one’s part when the overlap is over', async () => {
    const { webhook, arrival } = await stage();
    const { signingSecret, previousExpiresAt } = (await rotate(webhook.id, { overlapMs: 3000 })).body;
    expect(verifiedBy(await arrival(), signingSecret, webhook.signingSecret)).toEqual([true, true]);
    expect((await read(webhook.id)).previousSecretExpiresAt).toBe(previousExpiresAt);
    await readUntil(server(), `/webhooks/${webhook.id}`, (body) => body.previousSecretExpiresAt === null);
    const late = await arrival();
    expect(verifiedBy(late, signingSecret, webhook.signingSecret)).toEqual([true, false]);
    expect(signaturesOf(late)).toHaveLength(1);
  });

  test('leaves the new one alone with an overlap of 0', async () => {
    const { webhook, arrival } = await stage();
    const { signingSecret, previousExpiresAt } = (await rotate(webhook.id, { overlapMs: 0 })).body;
    expect(previousExpiresAt).toBeNull();
    expect((await read(webhook.id)).previousSecretExpiresAt).toBeNull();
    const sent = await arrival();
    expect(signaturesOf(sent)).toHaveLength(1);
    expect(verifiedBy(sent, signingSecret, webhook.signingSecret)).toEqual([true, false]);
  });

  test('drops any older one: two at most are live', async () => {
    const { webhook, arrival } = await stage();
    const second = (await rotate(webhook.id)).body.signingSecret;
    const third = (await rotate(webhook.id)).body.signingSecret;
    expect(verifiedBy(await arrival(), third, second, webhook.signingSecret)).toEqual([true, true, false]);
    const fourth = (await rotate(webhook.id, { overlapMs: 0 })).body.signingSecret;
    expect(verifiedBy(await arrival(), fourth, third, second)).toEqual([true, false, false]);
  });

  test('puts a secret in force that the receiver has made', async () => {
    const { webhook, arrival } = await stage();
    const signingSecret = aSecret();
    expect((await rotate(webhook.id, { signingSecret })).body.signingSecret).toBe(signingSecret);
    expect(verifiedBy(await arrival(), signingSecret, webhook.signingSecret)).toEqual([true, true]);
  });

  test('refuses the secret that is in force, so that asking twice does not end the one before it', async () => {
    const { webhook, arrival } = await stage();
    const signingSecret = aSecret();
    expect((await rotate(webhook.id, { signingSecret })).status).toBe(200);
    expectProblem(await rotate(webhook.id, { signingSecret }), 422, 'validation_failed', ['/signingSecret']);
    expect(verifiedBy(await arrival(), signingSecret, webhook.signingSecret)).toEqual([true, true]);
  });

  test('signs a delivery that waits for its retry with the secrets of its next attempt', async () => {
    const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 0, jitter: 0 };
    const { receiver, webhook, type } = await stage({ retry });
    let secret = '';
    receiver.respond = (arrival, response) => {
      if (arrival.headers['x-waybill-attempt'] !== '1') {
        response.writeHead(204).end();
        return;
      }
      rotate(webhook.id, { overlapMs: 0 }).then(
        ({ body }) => {
          secret = body.signingSecret;
          response.writeHead(500).end();
        },
        () => response.destroy(),
      );
    };
    await publish(server(), type);
    const [first, second] = (await receiver.arrived(2)) as [Arrival, Arrival];
    expect(verifiedBy(first, webhook.signingSecret, secret)).toEqual([true, false]);
    expect(verifiedBy(second, webhook.signingSecret, secret)).toEqual([false, true]);
    expect(second.body).toBe(first.body);
  });

  test('is a change of the configuration, and shows no secret in reads', async () => {
    const { webhook } = await stage();
    const { signingSecret, previousExpiresAt } = (await rotate(webhook.id)).body;
    const shown = await read(webhook.id);
    expect(shown).toMatchObject({ signingSecret: { set: true }, previousSecretExpiresAt: previousExpiresAt });
    expect(shown.updatedAt > webhook.updatedAt).toBe(true);
    const list = await server().call('GET', '/webhooks?limit=250');
    const renamed = await server().call('PATCH', `/webhooks/${webhook.id}`, { name: 'renamed' });
    for (const text of [shown, list.body, renamed.body, server().log].map((value) => JSON.stringify(value))) {
      for (const secret of [signingSecret, webhook.signingSecret])
        expect(text).not.toContain(secret.slice('whsec_'.length));
    }
    expect(renamed.body.previousSecretExpiresAt).toBe(previousExpiresAt);
  });

  test('makes another ETag, and heeds If-Match', async () => {
    const { webhook } = await stage();
    const tag = async () => (await server().call('GET', `/webhooks/${webhook.id}`)).headers.get('etag') ?? '';
    const before = await tag();
    expect((await rotate(webhook.id, {}, { headers: { 'if-match': before } })).status).toBe(200);
    expect(await tag()).not.toBe(before);
    expectProblem(await rotate(webhook.id, {}, { headers: { 'if-match': before } }), 412, 'precondition_failed');
    const twice = { headers: { 'if-match': await tag(), 'idempotency-key': ownId() } };
    const first = await rotate(webhook.id, {}, twice);
    expect([first.status, (await rotate(webhook.id, {}, twice)).body]).toEqual([200, first.body]);
  });

  test('is for administrators', async () => {
    const { webhook, arrival } = await stage();
    const { key } = (await server().call('POST', '/api-keys', { name: 'x', role: 'operator' })).body;
    expectProblem(await rotate(webhook.id, {}, { key }), 403, 'forbidden');
    expectProblem(await rotate(webhook.id, {}, { key: null }), 401, 'unauthorized');
    expect(verifiedBy(await arrival(), webhook.signingSecret)).toEqual([true]);
  });

  test.each([
    ['an overlap of less than nothing', { overlapMs: -1 }, 422, '/overlapMs'],
    ['an overlap of more than 30 days', { overlapMs: 30 * DAY_MS + 1 }, 422, '/overlapMs'],
    ['half a millisecond', { overlapMs: 0.5 }, 400, '/overlapMs'],
    ['an overlap in words', { overlapMs: '1000' }, 400, '/overlapMs'],
    ['an unknown member', { overlap: 1 }, 400, '/overlap'],
    ['a secret that is too short', { signingSecret: 'whsec_AAAA' }, 422, '/signingSecret'],
    ['a secret that is no text', { signingSecret: 5 }, 400, '/signingSecret'],
  ])('refuses %s, and changes nothing', async (_what, body, status, pointer) => {
    const { webhook, arrival } = await stage();
    expectProblem(await rotate(webhook.id, body), status, 'validation_failed', [pointer]);
    const sent = await arrival();
    expect(signaturesOf(sent)).toHaveLength(1);
    expect(verifiedBy(sent, webhook.signingSecret)).toEqual([true]);
  });

  test('takes an overlap of 30 days', async () => {
    const { webhook } = await stage();
    expect((await rotate(webhook.id, { overlapMs: 30 * DAY_MS })).status).toBe(200);
  });

  test('of two at the same moment lets one through, so that no secret goes that nobody was told of', async () => {
    const { webhook, arrival } = await stage();
    const answers = await Promise.all([1, 2, 3].map(() => rotate(webhook.id)));
    const done = answers.filter(({ status }) => status === 200);
    for (const answer of answers) if (answer.status !== 200) expectProblem(answer, 409, 'conflict');
    const secrets = [webhook.signingSecret, ...done.map(({ body }) => body.signingSecret)];
    const good = verifiedBy(await arrival(), ...secrets);
    expect(good.filter(Boolean)).toHaveLength(2);
  });
});

describe('rotate-secret with an Idempotency-Key', () => {
  test('the same request again gets the same secret, and rotates once', async () => {
    const { webhook, arrival } = await stage();
    const options = { headers: { 'idempotency-key': ownId() } };
    const first = await rotate(webhook.id, { overlapMs: 60_000 }, options);
    const second = await rotate(webhook.id, { overlapMs: 60_000 }, options);
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect(verifiedBy(await arrival(), first.body.signingSecret, webhook.signingSecret)).toEqual([true, true]);
  });

  test('the answer stays the same after another rotation, and for a secret that was given', async () => {
    const { webhook } = await stage();
    const [body, options] = [{ signingSecret: aSecret() }, { headers: { 'idempotency-key': ownId() } }];
    const first = await rotate(webhook.id, body, options);
    expect((await rotate(webhook.id, body, options)).body).toEqual(first.body);
    await rotate(webhook.id);
    expect((await rotate(webhook.id, body, options)).body).toEqual(first.body);
  });

  test('the secrets, and those in the kept answer, lie sealed in the data folder', async () => {
    const { webhook } = await stage();
    const { body } = await rotate(webhook.id, {}, { headers: { 'idempotency-key': ownId() } });
    const names = readdirSync(server().dataDir).filter((name) => name.includes('.db'));
    const stored = names.map((name) => readFileSync(join(server().dataDir, name), 'latin1')).join('');
    expect(stored).toContain(webhook.id);
    for (const secret of [webhook.signingSecret, body.signingSecret]) {
      expect(stored).not.toContain(secret.slice('whsec_'.length));
    }
  });

  test('another body under the same key is refused, and a refused request leaves the key free', async () => {
    const { webhook } = await stage();
    const options = { headers: { 'idempotency-key': ownId() } };
    expect((await rotate(webhook.id, { overlapMs: -1 }, options)).status).toBe(422);
    expect((await rotate(webhook.id, { signingSecret: webhook.signingSecret }, options)).status).toBe(422);
    expect((await rotate(webhook.id, {}, options)).status).toBe(200);
    expectProblem(await rotate(webhook.id, { overlapMs: 0 }, options), 422, 'idempotency_mismatch');
  });
});
