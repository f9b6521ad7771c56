import { expect, test } from 'vitest';
import { shareServer } from '../harness/server.ts';
import { createWebhook, ownId, ownType, publish } from './stage.ts';

const server = shareServer();
const url = 'http://127.0.0.1:9/';

/** Why the event was not owed to each of the webhooks; null for one that it was owed to. */
async function reasons(eventId: string, webhooks: { id: string }[]): Promise<(string | null)[]> {
  const { body } = await server().call('GET', `/events/${eventId}`);
  return webhooks.map(({ id }) => {
    const found = body.unmatched.filter((item: { webhookId: string }) => item.webhookId === id);
    expect(found.length + body.deliveries.filter((item: { webhookId: string }) => item.webhookId === id).length).toBe(
      1,
    );
    return found[0]?.because ?? null;
  });
}

test('an event tells of each webhook that was not owed it by which rule', async () => {
  const type = ownType();
  const scope = { transferIds: [ownId()] };
  const webhooks = [
    await createWebhook(server(), { url, eventTypes: [type] }),
    await createWebhook(server(), { url, eventTypes: [ownType()] }),
    await createWebhook(server(), { url, eventTypes: [type], scope }),
    await createWebhook(server(), { url, eventTypes: [type], enabled: false }),
    await createWebhook(server(), { url, eventTypes: [type], routing: 'unmatched' }),
  ];
  const eventId = await publish(server(), type, { transfer: { id: ownId() } });
  webhooks.push(await createWebhook(server(), { url, eventTypes: [type], name: 'late' }));
  expect(await reasons(eventId, webhooks)).toEqual([
    null,
    'event_type',
    'scope',
    'disabled',
    'routing',
    'created_later',
  ]);

  const { body } = await server().call('GET', `/events/${eventId}`);
  expect(body.unmatched).toContainEqual({
    webhookId: webhooks[5].id,
    name: 'late',
    because: 'created_later',
    detail: `It was made at ${webhooks[5].createdAt}, after the event.`,
    pointer: null,
  });
});

test('a webhook that wants the event by its settings of today only is told apart', async () => {
  const type = ownType();
  const webhook = await createWebhook(server(), { url, eventTypes: [ownType()] });
  const eventId = await publish(server(), type);
  await server().call('PATCH', `/webhooks/${webhook.id}`, { eventTypes: [type] });
  expect(await reasons(eventId, [webhook])).toEqual(['changed_since']);
});

test('a webhook that would have wanted the event is named when it had been deleted before', async () => {
  const type = ownType();
  const webhook = await createWebhook(server(), { url, eventTypes: [type], name: 'gone' });
  const other = await createWebhook(server(), { url, eventTypes: [ownType()] });
  const before = await publish(server(), type);
  for (const { id } of [webhook, other]) await server().call('DELETE', `/webhooks/${id}`);
  const after = await publish(server(), type);
  const told = async (eventId: string) => {
    const { deliveries, unmatched } = (await server().call('GET', `/events/${eventId}`)).body;
    const ids = [webhook.id, other.id];
    return [deliveries.length, unmatched.filter((item: { webhookId: string }) => ids.includes(item.webhookId))];
  };
  expect(await told(before)).toEqual([1, []]);
  const detail = expect.stringMatching(/^It would have got the event, and had been deleted before: at 20/);
  const named = { webhookId: webhook.id, name: 'gone', because: 'deleted', detail, pointer: null };
  expect(await told(after)).toEqual([0, [named]]);
});

test('a webhook that does not want the event is not said to be disabled, or new', async () => {
  const webhooks = [await createWebhook(server(), { url, eventTypes: [ownType()], enabled: false })];
  const eventId = await publish(server(), ownType());
  webhooks.push(await createWebhook(server(), { url, eventTypes: [ownType()] }));
  expect(await reasons(eventId, webhooks)).toEqual(['event_type', 'event_type']);
});

test('an event about a webhook is not sent to it', async () => {
  const webhook = await createWebhook(server(), { url, eventTypes: ['webhook.*'] });
  await server().call('POST', `/webhooks/${webhook.id}/pause`);
  const { body } = await server().call('GET', '/events?type=webhook.paused');
  const event = body.items.find((item: { data: { webhook: { id: string } } }) => item.data.webhook.id === webhook.id);
  expect(await reasons(event.id, [webhook])).toEqual(['about_itself']);
});

test('the rule is told in words too, with what the webhook asks for, what the event has, and the setting', async () => {
  const type = ownType();
  const six = ['a.a', 'b.b', 'c.c', 'd.d', 'e.e', 'f.f'];
  const settings = [
    { eventTypes: ['a.*', 'b.happened'] },
    { eventTypes: six },
    { eventTypes: [type], scope: { transferIds: ['t-1'], stationIds: ['s-1'] } },
    { eventTypes: [type], scope: { partnerIds: ['p-1', 'p-2'] } },
    { eventTypes: [type], enabled: false },
    { eventTypes: [type], routing: 'unmatched' },
  ];
  const webhooks: { id: string }[] = [];
  for (const each of settings) webhooks.push(await createWebhook(server(), { url, ...each }));
  const eventId = await publish(server(), type, { transfer: { id: 't-1' }, station: { id: 's-2' } });
  await createWebhook(server(), { url, eventTypes: [type] });
  const { body } = await server().call('GET', `/events/${eventId}`);
  const told = webhooks.map(({ id }) => {
    const { detail, pointer } = body.unmatched.find((item: { webhookId: string }) => item.webhookId === id) ?? {};
    return [detail, pointer];
  });
  expect(told.slice(0, 5)).toEqual([
    [`It takes a.* and b.happened, and this is ${type}.`, '/eventTypes'],
    [`It takes a.a, b.b, c.c, d.d, e.e and 1 more, and this is ${type}.`, '/eventTypes'],
    [`It asks for the station "s-1", and the event's is "s-2".`, '/scope/stationIds'],
    [`It asks for the partner "p-1" or "p-2", and the event names no partner.`, '/scope/partnerIds'],
    ['It is disabled, so it is owed nothing new.', '/enabled'],
  ]);
  // Nobody who names stations or partners got it.
  expect(told[5]).toEqual([undefined, undefined]);

  const without = (await server().call('GET', `/events/${await publish(server(), type)}`)).body;
  const { detail } = without.unmatched.find((item: { webhookId: string }) => item.webhookId === webhooks[5]?.id);
  expect(detail).toBe(
    'It only gets what has a station or a partner and no webhook for stations or partners got. This event has neither.',
  );
});
