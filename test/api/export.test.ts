import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { answering, startReceiver } from '../harness/receiver.ts';
import { ADMIN_KEY, shareServer, startServer, type TestServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownType, publish, readUntil } from './stage.ts';

const server = shareServer();

/** An export, whole: its head and its text. */
async function exported(query: string, of: TestServer = server()) {
  const response = await fetch(`${of.url}/api/v1/deliveries/export?${query}`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A paused webhook that is owed so many events of a type that no other test publishes. */
async function backlog(of: TestServer, count: number) {
  const type = ownType();
  const webhook = await createWebhook(of, { url: 'http://127.0.0.1:9/', eventTypes: [type] });
  await of.call('POST', `/webhooks/${webhook.id}/pause`);
  for (let left = count; left > 0; left -= 1000) {
    const events = Array.from({ length: Math.min(left, 1000) }, () => ({ type, data: {} }));
    expect((await of.call('POST', '/events', events)).status).toBe(202);
  }
  return { webhook, type };
}

describe('an export of deliveries', () => {
  test('has every delivery that a list with the same filters shows, in the same order, one a line', async () => {
    const { webhook } = await backlog(server(), 600);
    await backlog(server(), 3);
    const listed: unknown[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await server().call('GET', `/deliveries?webhookId=${webhook.id}&limit=250${cursor}`);
      listed.push(...body.items);
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }
    const { status, headers, text } = await exported(`webhookId=${webhook.id}`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(headers.get('content-disposition')).toMatch(
      /^attachment; filename="waybill-deliveries-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.ndjson"$/,
    );
    expect(text.endsWith('\n')).toBe(true);
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(600);
    expect(lines.map((line) => JSON.parse(line))).toEqual(listed);
  });

  test('as CSV has a row of headings and one for each delivery', async () => {
    const receiver = await startReceiver(answering(500));
    const type = ownType();
    const retry = { strategy: 'delays', delaysMs: [] };
    const webhook = await createWebhook(server(), { url: receiver.url, eventTypes: [type], retry });
    const eventId = await publish(server(), type);
    const delivery = await deliveryInState(server(), eventId, webhook.id, 'exhausted');
    const { headers, text } = await exported(`format=csv&eventType=${type}&state=exhausted&q=500`);
    expect(headers.get('content-type')).toMatch(/^text\/csv\b/);
    expect(headers.get('content-disposition')).toMatch(/\.csv"$/);
    expect(text).toBe(
      'id,eventId,eventType,webhookId,state,reason,createdAt,attemptCount,nextAttemptAt,replayOf,sequence\r\n' +
        `${delivery.id},${eventId},${type},${webhook.id},exhausted,attempts_spent,${delivery.createdAt},1,,,1\r\n`,
    );
  });

  test('of nothing is empty, or has the headings alone', async () => {
    expect(await exported('webhookId=wh_none')).toMatchObject({ status: 200, text: '' });
    expect((await exported('webhookId=wh_none&format=csv')).text).toMatch(/^id,[^\r]*\r\n$/);
  });

  test.each([
    ['format=xml', '?format'],
    ['state=open', '?state'],
    ['from=today', '?from'],
    ['limit=10', '?limit'],
    ['cursor=x', '?cursor'],
  ])('with %s is refused before it begins', async (query, pointer) => {
    const answer = await server().call('GET', `/deliveries/export?${query}`);
    expectProblem(answer, 400, 'validation_failed', [pointer]);
    expect(answer.headers.has('content-disposition')).toBe(false);
  });

  test('needs a key, and any will do', async () => {
    expectProblem(await server().call('GET', '/deliveries/export', undefined, { key: null }), 401, 'unauthorized');
    const viewer = (await server().call('POST', '/api-keys', { name: 'v', role: 'viewer' })).body.key;
    const answer = await server().call('GET', '/deliveries/export?webhookId=wh_none', undefined, { key: viewer });
    expect(answer.status).toBe(200);
  });

  test('that nobody reads any further holds up neither others nor the stop of the server', async () => {
    const own = await startServer();
    const { type } = await backlog(own, 25_000);
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const stuck = request(`${own.url}/api/v1/deliveries/export`, { headers });
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      stuck.once('response', resolve).once('error', reject).end();
    });
    response.pause().on('error', () => undefined);
    stuck.on('error', () => undefined);

    const late = await publish(own, type);
    await readUntil(own, `/deliveries?eventId=${late}`, ({ items }) => items.length === 1);
    const whole = await exported('', own);
    expect(whole.text.trimEnd().split('\n')).toHaveLength(25_001);

    expect(await own.stop()).toBe(0);
    let text = '';
    await new Promise<void>((resolve) => {
      response
        .on('data', (chunk) => (text += chunk))
        .on('close', resolve)
        .resume();
    });
    expect(text).not.toContain(late);
    expect(response.complete).toBe(false);
    expect(own.log.filter((line) => line.level === 'error')).toEqual([]);
  });
});
