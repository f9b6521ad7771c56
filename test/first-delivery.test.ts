import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { expect, test } from 'vitest';
import { startReceiver } from './harness/receiver.ts';
import { startServer } from './harness/server.ts';

test('a published event arrives as a webhook that standardwebhooks and svix verify', async () => {
  const receiver = await startReceiver();
  const server = await startServer({ allow: [receiver.address] });
  const webhook = await server.call('POST', '/webhooks', { name: 'ops', url: `${receiver.url}/hook` });
  expect(webhook.status).toBe(201);

  const published = await server.call('POST', '/events', { type: 'order.shipped', data: { order: 7 } });
  expect(published).toMatchObject({ status: 202, body: { deliveryCount: 1 } });

  const [arrival] = await receiver.arrived(1);
  const headers = arrival?.headers as Record<string, string>;
  expect(headers['webhook-id']).toBe(published.body.id);
  new StandardWebhook(webhook.body.signingSecret).verify(arrival?.body ?? '', headers);
  new SvixWebhook(webhook.body.signingSecret).verify(arrival?.body ?? '', headers);
});
