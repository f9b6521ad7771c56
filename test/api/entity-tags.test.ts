import { describe, expect, onTestFinished, test } from 'vitest';
import { type Answer, shareServer } from '../harness/server.ts';
import { createWebhook, expectProblem, ownType } from './stage.ts';

const server = shareServer();
const URL_OF_NOBODY = 'http://127.0.0.1:9/';
const STRONG_TAG = /^"[^"]+"$/;

function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return server().call(method, path, body, { headers });
}

function ifMatch(tag: string): Record<string, string> {
  return { 'if-match': tag };
}

function tagOf(answer: Answer): string {
  expect(answer.status).toBeLessThan(300);
  const tag = answer.headers.get('etag');
  expect(tag).toMatch(STRONG_TAG);
  return tag as string;
}

async function currentTag(path: string): Promise<string> {
  return tagOf(await call('GET', path));
}

/** The path of a webhook that no event reaches. */
async function aWebhook(settings: object = {}): Promise<string> {
  const { id } = await createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [ownType()], ...settings });
  return `/webhooks/${id}`;
}

function putDefaultsForOneTest(body: object): Promise<Answer> {
  onTestFinished(async () => {
    await call('PUT', '/settings/webhooks', {});
    await call('PUT', '/settings/instance', {});
  });
  return call('PUT', '/settings/webhooks', body);
}

describe('the ETag of a webhook', () => {
  test('comes with its creation, read, change, pause and resume', async () => {
    const created = await call('POST', '/webhooks', { name: 'x', url: URL_OF_NOBODY, eventTypes: [ownType()] });
    const path = `/webhooks/${created.body.id}`;
    onTestFinished(async () => {
      await call('DELETE', path);
    });
    const tag = tagOf(created);
    expect(await currentTag(path)).toBe(tag);
    const changed = tagOf(await call('PATCH', path, { name: 'y' }));
    expect(changed).not.toBe(tag);
    expect(await currentTag(path)).toBe(changed);
    expect(tagOf(await call('POST', `${path}/pause`))).toBe(changed);
    expect(tagOf(await call('POST', `${path}/resume`))).toBe(changed);
  });

  test.each([
    ['name', { name: 'another' }],
    ['setting', { timeoutMs: 5000 }],
    ['header', { headers: { 'X-A': '2' } }],
    ['secret, which a read does not show', { auth: { type: 'bearer', token: 'another' } }],
    ['setting to the value that was inherited', { method: 'POST' }],
  ])('is another after a change of its %s', async (_what, patch) => {
    const path = await aWebhook({ auth: { type: 'bearer', token: 'first' } });
    const before = await currentTag(path);
    await call('PATCH', path, patch);
    expect(await currentTag(path)).not.toBe(before);
  });

  test('stays while only its state changes', async () => {
    const path = await aWebhook();
    const before = await currentTag(path);
    await call('POST', `${path}/pause`);
    expect((await call('GET', path)).body.state).toBe('paused');
    expect(await currentTag(path)).toBe(before);
  });

  test('is another after a change of the secret that it inherits, which a read does not show', async () => {
    const [inherits, owns] = [await aWebhook(), await aWebhook({ auth: { type: 'none' } })];
    await putDefaultsForOneTest({ auth: { type: 'bearer', token: 'first' } });
    const before = [await currentTag(inherits), await currentTag(owns), await currentTag('/settings/webhooks')];
    await putDefaultsForOneTest({ auth: { type: 'bearer', token: 'another' } });
    expect(await currentTag(inherits)).not.toBe(before[0]);
    expect(await currentTag(owns)).toBe(before[1]);
    expect(await currentTag('/settings/webhooks')).not.toBe(before[2]);
  });

  test('is another after a change of the defaults that it inherits, and stays after one that it does not', async () => {
    const [inherits, owns] = [await aWebhook(), await aWebhook({ timeoutMs: 1000 })];
    const before = [await currentTag(inherits), await currentTag(owns)];
    await putDefaultsForOneTest({ timeoutMs: 2000 });
    expect(await currentTag(inherits)).not.toBe(before[0]);
    expect(await currentTag(owns)).toBe(before[1]);
    expectProblem(
      await call('PATCH', inherits, { name: 'x' }, ifMatch(before[0] as string)),
      412,
      'precondition_failed',
    );
  });
});

interface Case {
  what: string;
  pathOf: () => Promise<string>;
  method: string;
  change: object;
  another: object;
  malformed: object;
  unacceptable: object;
}

const CASES: Case[] = [
  {
    what: 'a webhook',
    pathOf: () => aWebhook(),
    method: 'PATCH',
    change: { name: 'changed' },
    another: { name: 'changed again' },
    malformed: { timeoutMs: '5', name: 'x' },
    unacceptable: { timeoutMs: 1 },
  },
  {
    what: 'the defaults',
    pathOf: async () => '/settings/webhooks',
    method: 'PUT',
    change: { timeoutMs: 2000 },
    another: { timeoutMs: 3000 },
    malformed: { timeoutMs: '5' },
    unacceptable: { eventTypes: ['transfer.finished'] },
  },
  {
    what: 'the instance',
    pathOf: async () => '/settings/instance',
    method: 'PUT',
    change: { name: 'Acme' },
    another: { name: 'Beta' },
    malformed: { name: 5 },
    unacceptable: { name: '' },
  },
];

describe.each(CASES)('If-Match for $what', ({ pathOf, method, change, another, malformed, unacceptable }) => {
  /** Makes the thing, and has the settings put back when the test has finished. */
  async function stage() {
    await putDefaultsForOneTest({});
    return pathOf();
  }

  test('with the current tag lets a change through, once', async () => {
    const path = await stage();
    const tag = await currentTag(path);
    const changed = await call(method, path, change, ifMatch(tag));
    expect(changed.status).toBe(200);
    expect(tagOf(changed)).not.toBe(tag);
    expectProblem(await call(method, path, another, ifMatch(tag)), 412, 'precondition_failed');
    expect((await call('GET', path)).body).toEqual(changed.body);
    expect((await call(method, path, another, ifMatch(tagOf(changed)))).status).toBe(200);
  });

  test('takes a list of tags and *, and no weak tag', async () => {
    const path = await stage();
    const tag = await currentTag(path);
    for (const stale of [`W/${tag}`, '"other"', '"a", "b"', `"a,${tag}`, tag.replaceAll('"', ''), '', '"*"']) {
      const answer = await call(method, path, change, ifMatch(stale));
      expectProblem(answer, 412, 'precondition_failed');
    }
    expect((await call(method, path, change, ifMatch(`"a,b", W/"c" ,${tag}`))).status).toBe(200);
    expect((await call(method, path, another, ifMatch('*'))).status).toBe(200);
  });

  test('that is stale is said after what is malformed, and before what cannot be accepted', async () => {
    const path = await stage();
    const stale = ifMatch('"stale"');
    const { key } = (await call('POST', '/api-keys', { name: 'x', role: 'viewer' })).body;
    const forbidden = await server().call(method, path, change, { key, headers: stale });
    expectProblem(forbidden, 403, 'forbidden');
    const options = { raw: '{}', headers: { ...stale, 'content-type': 'text/plain' } };
    expectProblem(await server().call(method, path, undefined, options), 415, 'unsupported_media_type');
    for (const body of [malformed, { nmae: 'x' }]) {
      expect((await call(method, path, body, stale)).body.status).toBe(400);
    }
    expectProblem(await call(method, path, unacceptable, stale), 412, 'precondition_failed');
    expect((await call(method, path, unacceptable)).body.status).toBe(422);
  });

  test('lets one of many changes from the same version through', async () => {
    const path = await stage();
    const tag = await currentTag(path);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => {
        const [member, value] = Object.entries(change)[0] as [string, string | number];
        const body = { [member]: typeof value === 'number' ? value + n : `${value} ${n}` };
        return call(method, path, body, ifMatch(tag));
      }),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(412)]);
  });

  test('on a read is judged too', async () => {
    const path = await stage();
    expect((await call('GET', path, undefined, ifMatch(await currentTag(path)))).status).toBe(200);
    expectProblem(await call('GET', path, undefined, ifMatch('"stale"')), 412, 'precondition_failed');
  });
});

describe('If-Match for what is not changed but deleted, paused or resumed', () => {
  test('holds there too', async () => {
    const path = await aWebhook();
    const stale = await currentTag(path);
    const tag = tagOf(await call('PATCH', path, { name: 'changed' }));
    for (const [method, action] of [
      ['POST', '/pause'],
      ['POST', '/resume'],
      ['DELETE', ''],
    ] as const) {
      expectProblem(await call(method, path + action, undefined, ifMatch(stale)), 412, 'precondition_failed');
    }
    expect((await call('POST', `${path}/pause`, {}, ifMatch(tag))).status).toBe(200);
    expect((await call('DELETE', path, undefined, ifMatch(tag))).status).toBe(204);
    expectProblem(await call('DELETE', path, undefined, ifMatch(tag)), 404, 'not_found');
    expectProblem(await call('PATCH', path, {}, ifMatch('*')), 404, 'not_found');
  });

  test('a deletion beside a change of the same version never loses the change', async () => {
    for (let round = 0; round < 5; round += 1) {
      const path = await aWebhook();
      const tag = await currentTag(path);
      const [changed, deleted] = await Promise.all([
        call('PATCH', path, { name: 'changed' }, ifMatch(tag)),
        call('DELETE', path, undefined, ifMatch(tag)),
      ]);
      const outcome = [changed.status, deleted.status];
      expect([
        [200, 412],
        [404, 204],
      ]).toContainEqual(outcome);
    }
  });
});

describe('If-None-Match', () => {
  test.each(['/settings/webhooks', '/settings/instance', 'a webhook'])(
    'on a GET of %s answers 304 and nothing else while the tag is current',
    async (named) => {
      const path = named === 'a webhook' ? await aWebhook() : named;
      const tag = await currentTag(path);
      for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const answer = await call('GET', path, undefined, { 'if-none-match': known });
        expect([answer.status, answer.body, answer.headers.get('etag')]).toEqual([304, null, tag]);
      }
      const answer = await call('GET', path, undefined, { 'if-none-match': '"other"' });
      expect([answer.status, answer.headers.get('etag')]).toEqual([200, tag]);
    },
  );
});

describe('without If-Match', () => {
  test('changes at the same moment are all kept', async () => {
    const path = await aWebhook();
    const names = Array.from({ length: 10 }, (_, n) => `X-${n}`);
    const answers = await Promise.all(names.map((name) => call('PATCH', path, { headers: { [name]: 'v' } })));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(Object.keys((await call('GET', path)).body.headers).sort()).toEqual(names);
  });

  test('replacements at the same moment all succeed, and one of them is what stays', async () => {
    await putDefaultsForOneTest({});
    const values = Array.from({ length: 8 }, (_, n) => 1000 + n);
    const answers = await Promise.all(values.map((timeoutMs) => call('PUT', '/settings/webhooks', { timeoutMs })));
    expect(answers.map(({ body }) => body.timeoutMs)).toEqual(values);
    expect(values).toContain((await call('GET', '/settings/webhooks')).body.timeoutMs);
  });
});
