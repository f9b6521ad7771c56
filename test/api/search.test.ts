import { describe, expect, test } from 'vitest';
import { answering, startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownId, publish, readUntil } from './stage.ts';

const server = shareServer();

const NO_RETRY = { strategy: 'delays', delaysMs: [] };

/** A word that no other test uses. */
function ownWord(): string {
  return `w${ownId().replaceAll('-', '')}`;
}

async function idsOf(path: string): Promise<string[]> {
  const { status, body } = await server().call('GET', path);
  expect(body).not.toHaveProperty('code');
  expect(status).toBe(200);
  return body.items.map(({ id }: { id: string }) => id);
}

const found = (q: string, filter = '') => idsOf(`/deliveries?q=${encodeURIComponent(q)}${filter}`);
const foundEvents = (q: string, filter = '') => idsOf(`/events?q=${encodeURIComponent(q)}${filter}`);

/** A webhook whose receiver answers so, and a delivery to it of a transfer event with words of its own. */
async function stage({ status = 204, name = 'of a test' } = {}) {
  const word = ownWord();
  const receiver = await startReceiver(answering(status));
  const transferId = ownId();
  const scope = { transferIds: [transferId] };
  const webhook = await createWebhook(server(), { url: receiver.url, name, scope, retry: NO_RETRY });
  const transfer = { id: transferId, name: `Nightly ${word} Größe` };
  const eventId = await publish(server(), 'transfer.started', { transfer });
  const delivery = await deliveryInState(server(), eventId, webhook.id, status === 204 ? 'delivered' : 'exhausted');
  return { word, webhook, transferId, eventId, delivery };
}

describe('searching deliveries', () => {
  test('finds what was published a moment ago, and what has been indexed since', async () => {
    const { word, delivery } = await stage();
    expect(await found(word)).toEqual([delivery.id]);
    const others = Array.from({ length: 300 }, () => ({
      type: 'transfer.started',
      data: { transfer: { id: 1, name: 'x' } },
    }));
    await server().call('POST', '/events', others);
    expect(await found(word)).toEqual([delivery.id]);
    expect(await found(word)).toEqual([delivery.id]);
  });

  test('finds them by the name of the transfer, whole or by the beginnings of its words, in any spelling', async () => {
    const { word, delivery } = await stage();
    for (const q of [
      word.slice(0, 20),
      word.toUpperCase(),
      `${word} NIGHT`,
      `grosse ${word}`.replace('grosse', 'große'),
      `${word} grö`,
    ]) {
      expect([q, await found(q)]).toEqual([q, [delivery.id]]);
    }
    expect(await found(word.slice(1))).toEqual([]);
    expect(await found(`${word} weekly`)).toEqual([]);
  });

  test('finds them by the id of event, delivery and webhook, whole or its beginning', async () => {
    const { webhook, eventId, delivery } = await stage();
    for (const id of [eventId, delivery.id, webhook.id]) {
      expect(await found(id)).toEqual([delivery.id]);
      expect(await found(id.slice(0, -3))).toContain(delivery.id);
      expect(await found(`${id}0`)).toEqual([]);
    }
  });

  test('finds them by the type of the event and the name of the webhook', async () => {
    const name = `${ownWord()} Leitstelle`;
    const { word, delivery } = await stage({ name });
    expect(await found(`${word} transfer.started`)).toEqual([delivery.id]);
    expect(await found(`${word} transfer.completed`)).toEqual([]);
    expect(await found(name)).toEqual([delivery.id]);
    expect(await found(`${word} leitst`)).toEqual([delivery.id]);
  });

  test('finds them by the id of the AS2 message', async () => {
    const partnerId = ownId();
    const webhook = await createWebhook(server(), { url: 'http://127.0.0.1:9/', scope: { partnerIds: [partnerId] } });
    const as2MessageId = `<${ownId()}.1@acme.example>`;
    const data = { message: { as2MessageId }, station: { as2Id: 'US' }, partner: { id: partnerId, as2Id: 'THEM' } };
    const eventId = await publish(server(), 'message.received', data);
    const { items } = await readUntil(
      server(),
      `/deliveries?webhookId=${webhook.id}`,
      ({ items }) => items.length === 1,
    );
    expect(await found(as2MessageId)).toEqual([items[0].id]);
    expect(await found(as2MessageId.slice(1, 30))).toEqual([items[0].id]);
    expect(await foundEvents(as2MessageId)).toEqual([eventId]);
  });

  test('finds them by why an attempt failed, also when a later one did not', async () => {
    const receiver = await startReceiver(answering(508));
    const transferId = ownId();
    const retry = { strategy: 'fixed', maxAttempts: 2, delayMs: 3_600_000 };
    const webhook = await createWebhook(server(), { url: receiver.url, scope: { transferIds: [transferId] }, retry });
    const eventId = await publish(server(), 'transfer.started', { transfer: { id: transferId, name: 'n' } });
    const { id } = await deliveryInState(server(), eventId, webhook.id, 'retrying');
    expect(await found('"508 Loop Detected"')).toContain(id);
    receiver.respond = answering(204);
    await server().call('POST', `/deliveries/${id}/retry`);
    await deliveryInState(server(), eventId, webhook.id, 'delivered');
    expect(await found('loop detect')).toContain(id);
    expect(await found(`loop ${webhook.id}`)).toEqual([id]);
    expect(await found('loop detached')).toEqual([]);
  });

  test('goes together with the other filters', async () => {
    const { word, webhook, delivery } = await stage({ status: 503 });
    expect(await found(word, `&webhookId=${webhook.id}&state=exhausted&status=503&errorCode=http_status`)).toEqual([
      delivery.id,
    ]);
    expect(await found(word, '&state=delivered')).toEqual([]);
    expect(await found(word, `&from=${new Date(Date.parse(delivery.createdAt) + 1).toISOString()}`)).toEqual([]);
  });

  test.each([
    '"',
    '""',
    "'",
    '*',
    '(',
    ')',
    'AND',
    'OR NOT',
    'NEAR(a b, 2)',
    'a:b',
    '^a',
    '-a',
    '+a',
    '{a b}: c',
    '\\',
    '%',
    '_',
    ';--',
    '\u0000',
    '\ud800',
    '🚀',
    '日本',
    'é'.repeat(700),
    `${'x'.repeat(8_000)}`,
    'a b '.repeat(1_000),
    '   ',
    'evt_',
    'dlv_%',
  ])('takes any text, such as %j', async (q) => {
    for (const list of ['deliveries', 'events', 'deliveries/export']) {
      const response = await fetch(`${server().url}/api/v1/${list}?q=${encodeURIComponent(q.toWellFormed())}`, {
        headers: { authorization: 'Bearer test-admin-key-of-more-than-32-characters' },
      });
      expect([list, response.status]).toEqual([list, 200]);
      await response.arrayBuffer();
    }
  });

  test('finds nothing by signs alone, and everything by an empty search', async () => {
    await stage();
    expect(await found('"* -')).toEqual([]);
    expect(await found(' ')).not.toEqual([]);
  });
});

describe('searching events', () => {
  test('finds them by type, name and id, with the other filters', async () => {
    const { word, eventId, delivery } = await stage();
    expect(await foundEvents(word)).toEqual([eventId]);
    expect(await foundEvents(`${word} transfer`, '&type=transfer.started')).toEqual([eventId]);
    expect(await foundEvents(word, '&type=transfer.failed')).toEqual([]);
    expect(await foundEvents(eventId)).toEqual([eventId]);
    expect(await foundEvents(delivery.id)).toEqual([]);
  });

  test('cannot be done in a list that goes by sequence', async () => {
    const answer = await server().call('GET', '/events?after=0&q=x');
    expectProblem(answer, 400, 'validation_failed', ['?q']);
  });
});
