import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { ADMIN_KEY, type Answer, shareServer } from '../harness/server.ts';
import { createWebhook, expectProblem, ownType, publish } from './stage.ts';

const server = shareServer();
const URL_OF_NOBODY = 'http://127.0.0.1:9/';

/** A request as it is written here, byte for byte, for what `fetch` would put right. */
async function exchange(
  method: string,
  path: string,
  headers: Record<string, string>,
  write: (outgoing: ClientRequest) => void,
): Promise<Answer> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(`${server().url}${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, ...headers },
      agent: false,
    });
    outgoing.once('response', resolve).once('error', reject);
    write(outgoing);
  });
  const body = await text(incoming);
  return {
    status: incoming.statusCode ?? 0,
    headers: new Headers(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    body: body === '' ? null : JSON.parse(body),
  };
}

async function makeKey(role: string): Promise<string> {
  const made = await server().call('POST', '/api-keys', { name: role, role });
  expect(made.status).toBe(201);
  return made.body.key;
}

describe('who may call', () => {
  test.each([
    ['no key', null, {}],
    ['an unknown key', 'wbk_unknown', {}],
    ['another scheme', null, { authorization: `Basic ${ADMIN_KEY}` }],
    ['a scheme without a key', null, { authorization: 'Bearer ' }],
    ['the beginning of a key', ADMIN_KEY.slice(0, -1), {}],
  ])('a request with %s is refused as unauthorized', async (_what, key, headers) => {
    const answer = await server().call('GET', '/webhooks', undefined, { key, headers });
    expectProblem(answer, 401, 'unauthorized');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('the scheme of the authorization is read in any case', async () => {
    const answer = await server().call('GET', '/webhooks', undefined, {
      key: null,
      headers: { authorization: `bearer ${ADMIN_KEY}` },
    });
    expect(answer.status).toBe(200);
  });

  test('each role may do what it is for, and all that the lesser roles may', async () => {
    const webhook = await createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [ownType()] });
    const eventId = await publish(server(), ownType());
    const routes: [method: string, path: string, body: unknown, least: string][] = [
      ['GET', '/events', undefined, 'viewer'],
      ['GET', `/events/${eventId}`, undefined, 'viewer'],
      ['GET', '/webhooks', undefined, 'viewer'],
      ['GET', `/webhooks/${webhook.id}`, undefined, 'viewer'],
      ['GET', '/deliveries', undefined, 'viewer'],
      ['GET', '/settings/webhooks', undefined, 'viewer'],
      ['GET', '/settings/instance', undefined, 'viewer'],
      ['POST', '/events', { type: ownType(), data: {} }, 'operator'],
      ['POST', `/webhooks/${webhook.id}/pause`, {}, 'operator'],
      ['POST', `/webhooks/${webhook.id}/resume`, undefined, 'operator'],
      ['POST', `/webhooks/${webhook.id}/test`, undefined, 'operator'],
      ['POST', '/deliveries/dlv_none/retry', undefined, 'operator'],
      ['POST', '/deliveries/dlv_none/cancel', undefined, 'operator'],
      ['PATCH', `/webhooks/${webhook.id}`, {}, 'admin'],
      ['POST', '/webhooks', { name: 'x', url: URL_OF_NOBODY, eventTypes: [ownType()] }, 'admin'],
      ['DELETE', '/webhooks/wh_none', undefined, 'admin'],
      ['PUT', '/settings/webhooks', {}, 'admin'],
      ['PUT', '/settings/instance', {}, 'admin'],
      ['GET', '/api-keys', undefined, 'admin'],
      ['POST', '/api-keys', { name: 'x', role: 'viewer' }, 'admin'],
      ['DELETE', '/api-keys/key_none', undefined, 'admin'],
    ];
    const roles = ['viewer', 'operator', 'admin'];
    for (const role of roles) {
      const key = await makeKey(role);
      for (const [method, path, body, least] of routes) {
        const answer = await server().call(method, path, body, { key });
        const mayAct = roles.indexOf(role) >= roles.indexOf(least);
        if (mayAct) expect([role, method, path, answer.status >= 401 && answer.status <= 403]).toContain(false);
        else expectProblem(answer, 403, 'forbidden');
      }
    }
  });

  test('a key that may not act is told so before anything else of the request is judged', async () => {
    const key = await makeKey('viewer');
    expectProblem(await server().call('DELETE', '/webhooks/wh_none', undefined, { key }), 403, 'forbidden');
    const options = { key, raw: '{', headers: { 'content-type': 'text/plain' } };
    expectProblem(await server().call('POST', '/webhooks', undefined, options), 403, 'forbidden');
  });
});

describe('API keys', () => {
  test('a new key is shown once, and kept as a hash only', async () => {
    const made = await server().call('POST', '/api-keys', { name: 'ci', role: 'operator' });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^key_/),
      name: 'ci',
      role: 'operator',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      expiresAt: null,
      key: expect.stringMatching(/^wbk_[\w-]{43}$/),
    });
    const { items } = (await server().call('GET', '/api-keys?limit=250')).body;
    const { key, ...shown } = made.body;
    expect(items).toContainEqual(shown);
    expect(JSON.stringify(items)).not.toContain(key);
  });

  test('a deleted key stops at once, and cannot be deleted again', async () => {
    const { id, key } = (await server().call('POST', '/api-keys', { name: 'gone', role: 'viewer' })).body;
    expect((await server().call('GET', '/webhooks', undefined, { key })).status).toBe(200);
    const deleted = await server().call('DELETE', `/api-keys/${id}`);
    expect([deleted.status, deleted.body]).toEqual([204, null]);
    expectProblem(await server().call('GET', '/webhooks', undefined, { key }), 401, 'unauthorized');
    expectProblem(await server().call('DELETE', `/api-keys/${id}`), 404, 'not_found');
  });

  test('a key stops when it expires', async () => {
    const expiresAt = new Date(Date.now() + 700).toISOString();
    const { key } = (await server().call('POST', '/api-keys', { name: 'brief', role: 'viewer', expiresAt })).body;
    expect((await server().call('GET', '/webhooks', undefined, { key })).status).toBe(200);
    await expect.poll(async () => (await server().call('GET', '/webhooks', undefined, { key })).status).toBe(401);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  });

  test.each([
    ['an unknown role', { name: 'x', role: 'owner' }, 422, ['/role']],
    ['no name', { role: 'viewer' }, 400, ['/name']],
    ['an empty name', { name: '', role: 'viewer' }, 422, ['/name']],
    ['an unknown field', { name: 'x', role: 'viewer', key: 'mine' }, 400, ['/key']],
    [
      'an expiry that has passed',
      { name: 'x', role: 'viewer', expiresAt: '2020-01-01T00:00:00Z' },
      422,
      ['/expiresAt'],
    ],
    ['an expiry that is no instant', { name: 'x', role: 'viewer', expiresAt: 'tomorrow' }, 422, ['/expiresAt']],
    ['an expiry of another type', { name: 'x', role: 'viewer', expiresAt: 5 }, 400, ['/expiresAt']],
  ])('a key with %s is refused', async (_what, body, status, pointers) => {
    expectProblem(await server().call('POST', '/api-keys', body), status, 'validation_failed', pointers);
  });
});

describe('a refusal', () => {
  test('is a problem document with type, title, status, detail, code, and an error with pointer and detail per field', async () => {
    const answer = await server().call('POST', '/webhooks', { nmae: 'x', timeoutMs: '5' });
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'The request is not valid',
      status: 400,
      detail: '3 fields are not as they must be; see errors.',
      code: 'validation_failed',
      errors: expect.arrayContaining([
        { pointer: '/name', detail: 'This member is required.' },
        { pointer: '/nmae', detail: expect.stringContaining('no such member') },
        { pointer: '/timeoutMs', detail: 'Must be integer or null.' },
      ]),
    });
    expect(answer.body.errors).toHaveLength(3);
  });

  test('comes in the order 401, 403, 404, 415 and 413, 400, 412, 422, whatever else is wrong', async () => {
    const { id } = await aWebhook();
    const viewer = await makeKey('viewer');
    const headers = { 'content-type': 'text/plain', 'if-match': '"stale"' };
    let [path, key, raw]: [string, string | null, string] = ['/webhooks/wh_none?unknown=1', null, '{'];
    const expectNext = async (status: number, code: string, pointers: string[] = []) =>
      expectProblem(await server().call('PATCH', path, undefined, { key, raw, headers }), status, code, pointers);

    await expectNext(401, 'unauthorized');
    key = viewer;
    await expectNext(403, 'forbidden');
    key = ADMIN_KEY;
    await expectNext(404, 'not_found');
    path = `/webhooks/${id}?unknown=1`;
    await expectNext(415, 'unsupported_media_type');
    headers['content-type'] = 'application/merge-patch+json';
    raw = `{"name":"${'x'.repeat(1024 * 1024)}",}`;
    await expectNext(413, 'payload_too_large');
    raw = '{"timeoutMs":1,}';
    await expectNext(400, 'validation_failed');
    raw = '{"timeoutMs":1}';
    await expectNext(400, 'validation_failed', ['?unknown']);
    path = `/webhooks/${id}`;
    await expectNext(412, 'precondition_failed');
    headers['if-match'] = '*';
    await expectNext(422, 'validation_failed', ['/timeoutMs']);
    raw = '{"timeoutMs":1000}';
    expect((await server().call('PATCH', path, undefined, { key, raw, headers })).status).toBe(200);
  });
});

describe('ids', () => {
  test('say what they are of: evt_, wh_, dlv_, rpl_ and key_', async () => {
    const type = ownType();
    const webhook = await createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [type] });
    const eventId = await publish(server(), type);
    const { deliveries } = (await server().call('GET', `/events/${eventId}`)).body;
    const named = { webhookId: webhook.id, eventIds: [eventId] };
    const replay = (await server().call('POST', '/replays', named)).body;
    await server().call('POST', `/replays/${replay.id}/cancel`);
    const key = (await server().call('POST', '/api-keys', { name: 'x', role: 'viewer' })).body;
    for (const [prefix, id] of [
      ['evt', eventId],
      ['wh', webhook.id],
      ['dlv', deliveries[0].id],
      ['rpl', replay.id],
      ['key', key.id],
    ]) {
      expect(id).toMatch(new RegExp(`^${prefix}_[0-9a-z]{26}$`));
    }
  });
});

describe('what is not there', () => {
  test.each([
    ['GET', '/nothing'],
    ['POST', '/webhooks/wh_none/nothing'],
    ['GET', '/webhooks/wh_none'],
    ['PATCH', '/webhooks/wh_none'],
    ['DELETE', '/webhooks/wh_none'],
    ['POST', '/webhooks/wh_none/pause'],
    ['POST', '/webhooks/wh_none/resume'],
    ['POST', '/webhooks/wh_none/test'],
    ['GET', '/events/evt_none'],
    ['GET', '/deliveries/dlv_none'],
    ['POST', '/deliveries/dlv_none/retry'],
    ['POST', '/deliveries/dlv_none/cancel'],
    ['DELETE', '/api-keys/key_none'],
    ['GET', `/webhooks/wh_${'0'.repeat(500)}`],
  ])('%s %s is not found', async (method, path) => {
    expectProblem(await server().call(method, path), 404, 'not_found');
  });

  test.each([
    '/webhooks/wh_none/pause',
    '/webhooks/wh_none/test',
    '/deliveries/dlv_none/retry',
    '/deliveries/dlv_none/cancel',
  ])('that nothing is found is said before the body of POST %s is judged', async (path) => {
    expectProblem(await server().call('POST', path, { unknown: 1 }), 404, 'not_found');
    const options = { raw: 'x', headers: { 'content-type': 'text/plain' } };
    expectProblem(await server().call('POST', path, undefined, options), 404, 'not_found');
  });

  test('a path that is there refuses other methods, and says which it takes', async () => {
    const onList = await server().call('PUT', '/webhooks', {});
    expectProblem(onList, 405, 'method_not_allowed');
    expect(onList.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'POST']);
    const onOne = await server().call('POST', '/webhooks/wh_none', {});
    expectProblem(onOne, 405, 'method_not_allowed');
    expect(onOne.headers.get('allow')?.split(', ').sort()).toEqual(['DELETE', 'GET', 'PATCH']);
  });

  test('without a key nobody learns which paths there are', async () => {
    expectProblem(await server().call('GET', '/nothing', undefined, { key: null }), 401, 'unauthorized');
    expectProblem(await server().call('PUT', '/webhooks', {}, { key: null }), 401, 'unauthorized');
  });

  test('a path whose percent signs stand for nothing is refused', async () => {
    const answer = await exchange('GET', '/api/v1/webhooks/%zz', {}, (outgoing) => outgoing.end());
    expectProblem(answer, 400, 'validation_failed');
  });
});

describe('bodies', () => {
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'multipart/form-data; boundary=x'])(
    'a body of type %s is not read',
    async (contentType) => {
      const options = { raw: '{}', headers: { 'content-type': contentType } };
      expectProblem(await server().call('POST', '/events', undefined, options), 415, 'unsupported_media_type');
    },
  );

  test('nothing at all is no body, whatever type it is said to have', async () => {
    const { id } = await aWebhook();
    const options = { raw: '', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect((await server().call('POST', `/webhooks/${id}/pause`, undefined, options)).status).toBe(200);
    expectProblem(await server().call('POST', '/events', undefined, options), 400, 'validation_failed', ['']);
  });

  test('a merge patch is for PATCH alone', async () => {
    const { id } = await aWebhook();
    const patch = (method: string, path: string, body: object) =>
      server().call(method, path, body, { headers: { 'content-type': 'application/merge-patch+json' } });
    expect((await patch('PATCH', `/webhooks/${id}`, { name: 'renamed' })).status).toBe(200);
    expectProblem(await patch('POST', '/events', { type: ownType(), data: {} }), 415, 'unsupported_media_type');
    expectProblem(await patch('PUT', '/settings/webhooks', {}), 415, 'unsupported_media_type');
  });

  test('a charset beside the type is taken', async () => {
    const options = {
      raw: JSON.stringify({ type: ownType(), data: {} }),
      headers: { 'content-type': 'application/json; charset=utf-8' },
    };
    expect((await server().call('POST', '/events', undefined, options)).status).toBe(202);
  });

  test.each([
    ['cut short', '{"type":'],
    ['with a comma too many', '{"type":"a.b","data":{},}'],
    ['in single quotes', "{'type':'a.b'}"],
    ['of two documents', '{}{}'],
    ['of white space', ' '],
    [
      'that is not UTF-8',
      Buffer.concat([Buffer.from('{"type":"a.b","data":{"x":"'), Buffer.from([0xff]), Buffer.from('"}}')]),
    ],
  ])('JSON %s is refused', async (_what, raw) => {
    expectProblem(await server().call('POST', '/events', undefined, { raw }), 400, 'validation_failed');
  });

  test('a POST that needs a body and has none is refused', async () => {
    expectProblem(await server().call('POST', '/webhooks'), 400, 'validation_failed', ['']);
    expectProblem(await server().call('POST', '/events'), 400, 'validation_failed', ['']);
    expectProblem(await server().call('PATCH', `/webhooks/${(await aWebhook()).id}`), 400, 'validation_failed', ['']);
  });

  test('a body longer than the route takes is refused by its length alone', async () => {
    const tooLong = { 'content-type': 'application/json', 'content-length': String(16 * 1024 * 1024 + 1) };
    const onEvents = await exchange('POST', '/api/v1/events', tooLong, (outgoing) => outgoing.flushHeaders());
    expectProblem(onEvents, 413, 'payload_too_large');
    const onWebhooks = await server().call('POST', '/webhooks', { name: 'x'.repeat(1024 * 1024) });
    expectProblem(onWebhooks, 413, 'payload_too_large');
  });

  test('who is still sending a body that is too large hears so all the same', async () => {
    const raw = Buffer.alloc(17 * 1024 * 1024, ' ');
    for (let round = 0; round < 10; round += 1) {
      expectProblem(await server().call('POST', '/events', undefined, { raw }), 413, 'payload_too_large');
    }
  });

  test('a single event above 1 MiB is too large whatever else is wrong with it, a batch of them is not', async () => {
    const large = 'x'.repeat(1024 * 1024);
    const malformed = [`{"type":"a.b","data":{"x":"${large}"},}`, `{"x":"${large}"}`, `"${large}"`];
    for (const raw of malformed) {
      expectProblem(await server().call('POST', '/events', undefined, { raw }), 413, 'payload_too_large');
    }
    const batch = ` \n[${Array(2).fill(`{"type":"${ownType()}","data":{"x":"${'x'.repeat(600_000)}"}}`)}]`;
    expect((await server().call('POST', '/events', undefined, { raw: batch })).status).toBe(202);
    const reserved = { type: 'webhook.test', data: {} };
    const tooLarge = { type: ownType(), data: { x: large } };
    expectProblem(await server().call('POST', '/events', [reserved, tooLarge]), 413, 'payload_too_large');
    expectProblem(await server().call('POST', '/events', [{ typo: 1 }, tooLarge]), 413, 'payload_too_large');
  });

  test('what is wrong with the form of a request comes before a value in its body', async () => {
    const { id } = await aWebhook();
    const unacceptable = { name: '', url: URL_OF_NOBODY };
    expectProblem(await server().call('POST', '/webhooks', unacceptable), 422, 'validation_failed', ['/name']);
    const path = '/webhooks?dryRun=true';
    expectProblem(await server().call('POST', path, unacceptable), 400, 'validation_failed', ['?dryRun']);
    const headers = { 'idempotency-key': 'k'.repeat(256) };
    expectProblem(await server().call('POST', '/webhooks', unacceptable, { headers }), 400, 'validation_failed', ['']);
    const patched = await server().call('PATCH', `/webhooks/${id}?dryRun=true`, { name: '' });
    expectProblem(patched, 400, 'validation_failed', ['?dryRun']);
  });

  test.each([
    ['an integer that a double does not hold', '{"id":9007199254740993}', ['/data/id']],
    [
      'a decimal with more digits than a double',
      '{"order":{"lines":[{"sum":12345678901234567.89}]}}',
      ['/data/order/lines/0/sum'],
    ],
    ['a number too large for a double', '{"much":1e400}', ['/data/much']],
  ])('%s is refused rather than changed', async (_what, data, pointers) => {
    const raw = `{"type":"${ownType()}","data":${data}}`;
    const refused = await server().call('POST', '/events', undefined, { raw });
    expectProblem(refused, 422, 'validation_failed', pointers);
    const batch = await server().call('POST', '/events', undefined, { raw: `[${raw}]` });
    expectProblem(
      batch,
      422,
      'validation_failed',
      pointers.map((pointer) => `/0${pointer}`),
    );
  });

  test('a number that cannot be kept is told of after what is wrong with the form', async () => {
    const raw = `{"type":"${ownType()}","data":{"id":9007199254740993},"unknown":1}`;
    expectProblem(await server().call('POST', '/events', undefined, { raw }), 400, 'validation_failed', ['/unknown']);
  });

  test('every number that a double holds comes back as it was', async () => {
    const data = '{"a":9007199254740992,"b":0.1,"c":-1.5e-7,"d":1e+21,"e":12345678.90123456,"f":"9007199254740993"}';
    const published = await server().call('POST', '/events', undefined, {
      raw: `{"type":"${ownType()}","data":${data}}`,
    });
    expect(published.status).toBe(202);
    expect((await server().call('GET', `/events/${published.body.id}`)).body.data).toEqual(JSON.parse(data));
  });

  test('actions take no body or an empty object', async () => {
    const { id } = await aWebhook();
    expect((await server().call('POST', `/webhooks/${id}/pause`)).status).toBe(200);
    expect((await server().call('POST', `/webhooks/${id}/resume`, {})).status).toBe(200);
    const refused = await server().call('POST', `/webhooks/${id}/pause`, { reason: 'lunch' });
    expectProblem(refused, 400, 'validation_failed', ['/reason']);
    expectProblem(await server().call('POST', `/webhooks/${id}/pause`, []), 400, 'validation_failed', ['']);
  });

  const arrays = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

  test('100 levels of objects and arrays are taken, in an event of its own and in a batch', async () => {
    const event = (data: string) => `{"type":"${ownType()}","data":${data}}`;
    const deepest = event(`{"x":${arrays(99)},"y":${objects(99)}}`);
    for (const raw of [deepest, `[${deepest}]`]) {
      expect((await server().call('POST', '/events', undefined, { raw })).status).toBe(202);
    }
    const deeper = event(`{"x":{"y/z":${arrays(99)}}}`);
    const pointer = `/data/x/y~1z${'/0'.repeat(98)}`;
    const alone = await server().call('POST', '/events', undefined, { raw: deeper });
    expectProblem(alone, 400, 'validation_failed', [pointer]);
    expect(alone.body.detail).toContain('at most 100 levels');
    const batch = await server().call('POST', '/events', undefined, { raw: `[${deepest},${deepest},${deeper}]` });
    expectProblem(batch, 400, 'validation_failed', [`/2${pointer}`]);
  });

  test.each([
    ['POST', '/events', `{"type":"a.b","data":{"x":${arrays(200_000)}}}`, `/data/x${'/0'.repeat(99)}`],
    ['POST', '/events', `{"type":"a.b","data":{"x":${objects(100_000)}}}`, `/data/x${'/a'.repeat(99)}`],
    ['POST', '/events', `{"type":"a.b","data":{"n":[1e400,${arrays(200_000)}]}}`, `/data/n/1${'/0'.repeat(98)}`],
    ['POST', '/events', `[{"type":"a.b","data":{}},${arrays(200_000)}]`, `/1${'/0'.repeat(101)}`],
    ['POST', '/events', arrays(200_000), '/0'.repeat(102)],
    ['POST', '/webhooks', `{"name":"x","headers":${objects(100_000)}}`, `/headers${'/a'.repeat(100)}`],
    ['POST', '/webhooks', `{"name":"x","unknown":${arrays(200_000)}}`, `/unknown${'/0'.repeat(100)}`],
    ['PATCH', '/webhooks/{id}', `{"auth":${objects(100_000)}}`, `/auth${'/a'.repeat(100)}`],
    ['PATCH', '/webhooks/{id}', `{"url":${arrays(200_000)}}`, `/url${'/0'.repeat(100)}`],
    ['PUT', '/settings/webhooks', `{"scope":${objects(100_000)}}`, `/scope${'/a'.repeat(100)}`],
    ['POST', '/replays', `{"eventIds":${arrays(200_000)}}`, `/eventIds${'/0'.repeat(100)}`],
  ])('%s %s refuses a body that nests very deeply, at the place where it is too deep (%#)', async (...given) => {
    const [method, pattern, raw, pointer] = given;
    const path = pattern.includes('{') ? pattern.replace('{id}', (await aWebhook()).id) : pattern;
    const headers = { ...(method === 'POST' ? { 'idempotency-key': ownType() } : {}) };
    const answer = await server().call(method, path, undefined, { raw, headers });
    expectProblem(answer, 400, 'validation_failed', [pointer]);
  });

  test.each([
    ['an unknown field', { nmae: 'x' }, ['/nmae']],
    ['an unknown field inside', { limits: { maxConcurency: 5 } }, ['/limits/maxConcurency']],
    ['a number given as text', { timeoutMs: '5000' }, ['/timeoutMs']],
    ['a truth value given as text', { enabled: 'true' }, ['/enabled']],
    ['a truth value given as a number', { enabled: 1 }, ['/enabled']],
    ['text given as a number', { url: 5 }, ['/url']],
    ['a list given as one of its items', { eventTypes: 'transfer.*' }, ['/eventTypes']],
    ['an item of another type', { eventTypes: ['transfer.*', 5] }, ['/eventTypes/1']],
    ['a fraction for a whole number', { timeoutMs: 5000.5 }, ['/timeoutMs']],
    ['a member of a kind missing', { auth: { type: 'bearer' } }, ['/auth/token']],
    ['no kind', { auth: { token: 'x' } }, ['/auth/type']],
    ['several faults', { nmae: 'x', timeoutMs: '5', headers: { 'X-A': 5 } }, ['/headers/X-A', '/nmae', '/timeoutMs']],
    ['a key that needs escaping', { 'a/b~c': 1 }, ['/a~1b~0c']],
  ])('%s is a fault of form, named by its pointer', async (_what, members, pointers) => {
    const body = { name: 'x', url: URL_OF_NOBODY, eventTypes: ['none.such'], ...members };
    expectProblem(await server().call('POST', '/webhooks', body), 400, 'validation_failed', pointers);
  });

  test('a field named like a part of every object is unknown like any other', async () => {
    const raw = '{"name":"x","url":"http://127.0.0.1:9/","__proto__":{"enabled":false}}';
    expectProblem(await server().call('POST', '/webhooks', undefined, { raw }), 400, 'validation_failed', [
      '/__proto__',
    ]);
    const { id } = await aWebhook();
    const patched = await server().call('PATCH', `/webhooks/${id}`, undefined, {
      raw: '{"__proto__":{"enabled":false}}',
    });
    expectProblem(patched, 400, 'validation_failed', ['/__proto__']);
    expectProblem(await server().call('POST', '/webhooks', { name: 'x', constructor: 1 }), 400, 'validation_failed', [
      '/constructor',
    ]);
  });
});

describe('lists', () => {
  const lists = ['/events', '/webhooks', '/deliveries', '/api-keys'];

  test.each(lists)('GET %s takes a limit from 1 to 250', async (path) => {
    for (const limit of ['0', '251', '-1', '1.5', 'many', '', '0x10', '1e2', '%205']) {
      expectProblem(await server().call('GET', `${path}?limit=${limit}`), 400, 'validation_failed', ['?limit']);
    }
    for (const limit of [1, 250]) expect((await server().call('GET', `${path}?limit=${limit}`)).status).toBe(200);
    expectProblem(await server().call('GET', `${path}?limit=1&limit=2`), 400, 'validation_failed', ['?limit']);
  });

  test.each(lists)('GET %s refuses a cursor that is not its own', async (path) => {
    const { id } = await createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [ownType()] });
    await server().call('POST', `/webhooks/${id}/test`);
    await server().call('POST', `/webhooks/${id}/test`);
    await aWebhook();
    await keyNamed('one');
    await keyNamed('another');
    const others = lists.filter((list) => list !== path);
    const foreign = await Promise.all(
      others.map(async (list) => (await server().call('GET', `${list}?limit=1`)).body.next),
    );
    expect(foreign).toEqual(Array(3).fill(expect.stringMatching(/./)));
    for (const cursor of ['', 'x', id, ...foreign]) {
      expectProblem(await server().call('GET', `${path}?cursor=${cursor}`), 400, 'validation_failed', ['?cursor']);
    }
  });

  test.each(lists)('GET %s refuses a parameter it does not know', async (path) => {
    expectProblem(await server().call('GET', `${path}?limits=5`), 400, 'validation_failed', ['?limits']);
  });

  test('a list holds 50 items where no limit is asked for, and next leads to the rest', async () => {
    const type = ownType();
    const batch = Array.from({ length: 51 }, () => ({ type, data: {} }));
    await server().call('POST', '/events', batch);
    const { items, next } = (await server().call('GET', `/events?type=${type}`)).body;
    expect([items.length, next]).toEqual([50, expect.stringMatching(/./)]);
    const rest = (await server().call('GET', `/events?type=${type}&cursor=${next}`)).body;
    expect([rest.items.length, rest.next]).toEqual([1, null]);
  });

  test('pages follow each other newest first, without a gap and without an item twice', async () => {
    const type = ownType();
    const webhook = await createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [type], enabled: true });
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const batch = Array.from({ length: 7 }, (_, number) => ({ type, data: { number } }));
    const published = (await server().call('POST', '/events', batch)).body as { id: string }[];
    const newestFirst = published.map(({ id }) => id).reverse();

    expect((await allPages(`/events?type=${type}&limit=3`)).map((event) => event.id)).toEqual(newestFirst);
    const deliveries = await allPages(`/deliveries?webhookId=${webhook.id}&limit=3`);
    expect(deliveries.map((delivery) => delivery.eventId)).toEqual(newestFirst);
  });

  test('webhooks and keys are listed newest first, and a page that is just full has no next', async () => {
    const older = await aWebhook();
    const newer = await aWebhook();
    const webhooks = await allPages('/webhooks?limit=1');
    const ids = webhooks.map((webhook) => webhook.id);
    expect(ids.slice(0, 2)).toEqual([newer.id, older.id]);
    expect(new Set(ids).size).toBe(ids.length);
    expect((await server().call('GET', `/webhooks?limit=${ids.length}`)).body.next).toBeNull();

    const keys = [await keyNamed('older'), await keyNamed('newer')];
    const listed = await allPages('/api-keys?limit=1');
    expect(listed.slice(0, 2).map((key) => key.id)).toEqual(keys.reverse());
  });

  /** Walks a list to its end, and checks that only the last page has fewer items than asked for. */
  async function allPages(path: string): Promise<Record<string, string>[]> {
    const limit = Number(/limit=(\d+)/.exec(path)?.[1]);
    const items: Record<string, string>[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Answer = await server().call('GET', `${path}${cursor && `&cursor=${cursor}`}`);
      expect(Object.keys(page.body).sort()).toEqual(['items', 'next']);
      if (page.body.next !== null) expect(page.body.items).toHaveLength(limit);
      items.push(...page.body.items);
      cursor = page.body.next;
    }
    return items;
  }
});

function aWebhook() {
  return createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [ownType()] });
}

async function keyNamed(name: string): Promise<string> {
  return (await server().call('POST', '/api-keys', { name, role: 'viewer' })).body.id;
}
