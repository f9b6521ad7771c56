import { beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY, type Answer, shareServer } from '../harness/server.ts';
import { type ApiDescription, type Operation, ROLES, type Role, readDescription } from './openapi-document.ts';
import { EXAMPLES, type Example, type Request } from './openapi-examples.ts';
import { newPerson, ownId } from './stage.ts';

/**
 * Walks through the OpenAPI document and holds every operation to the conventions of the API. A new operation needs an
 * entry in the table of examples, and nothing else.
 */

const server = shareServer();
let api: ApiDescription;
const keys: Record<Role, string> = { viewer: '', operator: '', admin: ADMIN_KEY };

beforeAll(async () => {
  api = await readDescription(server());
  for (const role of ['viewer', 'operator'] as const) {
    keys[role] = (await server().call('POST', '/api-keys', { name: role, role })).body.key;
  }
});

/** The codes that a problem may have. */
const CODES = [
  ...['validation_failed', 'unauthorized', 'forbidden', 'not_found', 'conflict', 'in_use', 'idempotency_mismatch'],
  ...['precondition_failed', 'payload_too_large', 'unsupported_media_type', 'rate_limited', 'unknown_event_type'],
  ...['egress_refused', 'template_invalid', 'storage_unavailable', 'gone', 'method_not_allowed', 'internal_error'],
];

interface SendOptions {
  key?: string | null;
  idempotencyKey?: string;
  ifMatch?: string;
  /** In place of the request's body. */
  raw?: string;
  contentType?: string;
}

/** Sends a request to an operation. Whatever comes back must be what the document says of that status. */
async function send(operation: Operation, request: Request, options: SendOptions = {}): Promise<Answer> {
  const { params = {}, query = {}, body, headers } = request;
  const { idempotencyKey, ifMatch, raw, contentType = 'application/json' } = options;
  const { key = headers === undefined ? ADMIN_KEY : null } = options;
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name) => params[name] ?? 'none');
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${server().url}${path}?${new URLSearchParams(query)}`, {
    method: operation.method,
    headers: {
      ...headers,
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      ...(content === undefined ? {} : { 'content-type': contentType }),
    },
    ...(content === undefined ? {} : { body: content }),
  });
  const text = await textOf(response);
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  const answer = {
    status: response.status,
    headers: response.headers,
    body: text === '' ? null : isJson ? JSON.parse(text) : text,
  };
  api.expectAsDescribed(operation, answer.status, answer.body);
  if (answer.status >= 400) expectToBeProblem(operation, answer);
  return answer;
}

function expectToBeProblem({ name }: Operation, { status, headers, body }: Answer): void {
  const what = `${name} → ${status} must be a problem`;
  expect(headers.get('content-type'), what).toMatch(/^application\/problem\+json\b/);
  expect(body.status, what).toBe(status);
  expect(CODES, what).toContain(body.code);
}

/** The body; of a stream, which does not end, its first piece. */
async function textOf(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.text();
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  return new TextDecoder().decode(value);
}

/** Sends a request that must succeed. */
async function succeed(operation: Operation, request: Request, options?: SendOptions): Promise<Answer> {
  const answer = await send(operation, request, options);
  expect(answer.status, `${operation.name} with ${JSON.stringify(request)}: ${JSON.stringify(answer.body)}`).toBe(
    operation.success,
  );
  return answer;
}

/** Sends a request that must be refused with a status and code, naming the field at fault if one is given. */
async function refuse(
  operation: Operation,
  request: Request,
  [status, code, pointer]: [status: number, code: string, pointer?: string],
  options?: SendOptions,
): Promise<void> {
  const { body } = await send(operation, request, options);
  const sent = JSON.stringify({ ...request, ...options });
  expect([body?.status, body?.code], `${operation.name} with ${sent}: ${JSON.stringify(body)}`).toEqual([status, code]);
  if (pointer !== undefined) {
    const pointers = (body.errors ?? []).map((error: { pointer: string }) => error.pointer);
    expect(pointers, `${operation.name} with ${sent} must name what is wrong`).toContain(pointer);
  }
}

function parametersOf({ parameters = [] }: Operation, place: 'path' | 'query' | 'header'): string[] {
  return parameters.filter((parameter) => parameter.in === place).map(({ name }) => name);
}

/** Whether the object read by the operation of that name, if there is one, comes with an ETag. */
function showsTag(name: string): boolean {
  const reading = api.operations.find((operation) => operation.name === name);
  return 'etag' in (reading?.responses[reading.success]?.headers ?? {});
}

function bodySchemaOf({ requestBody }: Operation): Record<string, unknown> | null {
  return requestBody?.content['application/json']?.schema ?? null;
}

/** Whether there is more than one request to ask of it: with other parameters, or another body. */
function hasChoice(operation: Operation): boolean {
  const { properties = {} } = bodySchemaOf(operation) ?? {};
  return Object.keys(properties as object).length > 0 || parametersOf(operation, 'query').length > 0;
}

type Entry = [name: string, example: Example];
const all: Entry[] = Object.entries(EXAMPLES);
const ofMethod = (...methods: string[]): Entry[] =>
  all.filter(([name]) => methods.includes(name.split(' ')[0] as string));
const guarded = all.filter(([, { role }]) => role !== null);
const ofApi = all.filter(([name]) => name.includes(' /api/v1/'));

describe('the document', () => {
  test('describes what the table of examples has, each operation once', () => {
    expect(
      api.operations.map(({ name }) => name).toSorted(),
      'Each operation needs an entry in EXAMPLES (openapi-examples.ts), and each entry an operation.',
    ).toEqual(Object.keys(EXAMPLES).toSorted());
  });

  test.each(all)('says of %s what it is, what it takes and which role it needs', (name, { role }) => {
    const operation = api.find(name);
    expect(operation.summary, `${name} needs a summary`).toMatch(/\w/);
    expect(operation.tags, `${name} needs a tag`).toHaveLength(1);
    expect(operation.role, `${name}: the document and the table of roles must agree`).toBe(role);
    const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
    expect(parametersOf(operation, 'path'), `${name} must describe the parameters of its path`).toEqual(inPath);
    const { description, content } = operation.responses[operation.success] ?? { description: '' };
    expect(description, `${name} must say what its answer is`).not.toBe('Default Response');
    expect(content === undefined, `${name} must describe the body of its answer, unless it is a 204`).toBe(
      operation.success === 204,
    );
  });

  test.each(ofApi)('says of %s what it may be refused with', (name, { role }) => {
    const operation = api.find(name);
    const takesBody = operation.requestBody !== undefined;
    const expected = [
      ...[400, 500],
      ...(role === null ? [] : [401, 403]),
      ...(name.includes('{') ? [404] : []),
      ...(takesBody ? [413, 415, 422] : []),
      ...(operation.method === 'GET' ? [] : [409, 503]),
    ];
    for (const status of expected) {
      const types = Object.keys(operation.responses[status]?.content ?? {});
      expect(types, `${name} must describe its ${status} as a problem`).toEqual(['application/problem+json']);
    }
  });
});

/** Every member that a schema tells of, at any depth, with its own schema. */
function membersIn(schema: unknown): [name: string, schema: Record<string, unknown>][] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {} } = schema as { properties?: Record<string, Record<string, unknown>> };
  return [...Object.entries(properties), ...Object.values(schema).flatMap(membersIn)];
}

/** What an operation reads and writes as JSON. */
function bodiesOf({ requestBody, responses }: Operation): object[] {
  const contents = [requestBody, ...Object.values(responses)].flatMap((part) => Object.values(part?.content ?? {}));
  return contents.map(({ schema }) => schema);
}

describe('the words of the document', () => {
  test('the path of every operation begins with /api/v1, but for those of the process', () => {
    const others = api.operations.filter(({ path }) => !path.startsWith('/api/v1/')).map(({ path }) => path);
    expect(others.toSorted()).toEqual(['/.well-known/jwks.json', '/healthz', '/metrics', '/readyz']);
  });

  test.each(ofApi)('%s has members in camelCase alone', (name) => {
    for (const [member] of bodiesOf(api.find(name)).flatMap(membersIn)) expect(member).toMatch(/^[a-z][a-zA-Z0-9]*$/);
  });

  test.each(ofApi)('%s has instants whose names end in At, but for the ends of ranges and certificates', (name) => {
    const instants = bodiesOf(api.find(name))
      .flatMap(membersIn)
      .filter(([, { format }]) => format === 'date-time');
    for (const [member] of instants) expect(member).toMatch(/^(at|from|to|notBefore|notAfter|[a-z]\w*At)$/);
  });

  test.each(ofApi)('%s has enum values in lower case with _, but for methods and media types', (name) => {
    for (const [member, { enum: values = [] }] of bodiesOf(api.find(name)).flatMap(membersIn)) {
      if (member === 'method' || member === 'contentType') continue;
      const words = (values as unknown[]).filter((value) => typeof value === 'string');
      for (const word of words) expect(word).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
    }
  });

  test('problems have the codes of the table, and no other', () => {
    const codes = api.operations
      .flatMap(({ responses }) => Object.values(responses))
      .flatMap((response) => membersIn(response.content?.['application/problem+json']?.schema))
      .filter(([member]) => member === 'code')
      .flatMap(([, { enum: values }]) => values as string[]);
    expect([...new Set(codes)].toSorted()).toEqual(CODES.toSorted());
  });
});

describe('who may call', () => {
  test.each(guarded)('%s is told without a key, or with one that is unknown, to bring one', async (name) => {
    const operation = api.find(name);
    for (const key of [null, 'wbk_unknown']) await refuse(operation, {}, [401, 'unauthorized'], { key });
  });

  test.each(guarded)('%s is for its role and those above it alone', async (name, { role: least, request }) => {
    const operation = api.find(name);
    for (const role of ROLES) {
      const mayAct = ROLES.indexOf(role) >= ROLES.indexOf(least as Role);
      const sent = await request(server(), role);
      // What is for people alone comes with a session.
      const caller = sent.headers === undefined ? { key: keys[role] } : {};
      if (mayAct) await succeed(operation, sent, caller);
      else await refuse(operation, sent, [403, 'forbidden'], caller);
    }
  });

  test('whatever may change something is refused to a session without its token', async () => {
    const { headers } = await newPerson(server(), 'admin');
    const { cookie } = headers;
    for (const operation of api.operations.filter(({ method, role }) => method !== 'GET' && role !== null)) {
      expect(parametersOf(operation, 'header'), `${operation.name} must describe the header`).toContain('x-csrf-token');
      await refuse(operation, { headers: { cookie } }, [403, 'forbidden']);
    }
    expect((await server().call('GET', '/session', undefined, { key: null, headers })).status).toBe(200);
  });

  test.each(all.filter(([, { role }]) => role === null))('%s needs no key', async (name, { request }) => {
    await succeed(api.find(name), await request(server()), { key: null });
  });
});

describe('what is refused', () => {
  test.each(ofApi)('%s refuses a query parameter that it does not know', async (name, { request }) => {
    const sent = await request(server());
    const query = { ...sent.query, unknownParameter: '1' };
    await refuse(api.find(name), { ...sent, query }, [400, 'validation_failed', '?unknownParameter']);
  });

  /** Makes what its path names. */
  const MAKES = 'PUT /api/v1/inboxes/{name}';
  const ofSomething = ofApi.filter(([name]) => name.includes('{') && name !== MAKES);

  test.each(ofSomething)('%s finds nothing under an unknown id', async (name) => {
    const operation = api.find(name);
    await refuse(operation, {}, [404, 'not_found']);
    // Before anything else of the request is judged.
    await refuse(operation, { query: { unknownParameter: '1' } }, [404, 'not_found']);
    if (operation.requestBody === undefined) return;
    await refuse(operation, {}, [404, 'not_found'], { raw: '{' });
    await refuse(operation, {}, [404, 'not_found'], { raw: 'x', contentType: 'text/plain' });
    await refuse(operation, {}, [404, 'not_found'], { raw: '{', idempotencyKey: ownId() });
  });

  test.each(ofMethod('POST', 'PUT', 'PATCH'))(
    '%s refuses a body with an unknown member, that is no JSON, or of another type',
    async (name, { request }) => {
      const operation = api.find(name);
      const sent = await request(server());
      const body = { ...(sent.body as object | undefined), unknownMember: 1 };
      await refuse(operation, { ...sent, body }, [400, 'validation_failed', '/unknownMember']);
      await refuse(operation, sent, [400, 'validation_failed'], { raw: '{' });
      await refuse(operation, sent, [400, 'validation_failed'], { raw: '"text"' });
      await refuse(operation, sent, [415, 'unsupported_media_type'], { raw: '{', contentType: 'text/plain' });
      const { requestBody } = operation;
      if (requestBody?.required === true)
        await refuse(operation, { ...sent, body: undefined }, [400, 'validation_failed']);
      else await succeed(operation, { ...sent, body: {} });
    },
  );

  test('every path refuses the methods that it has not, and names those that it has', async () => {
    const ofApiPaths = api.operations.filter(({ path }) => path.startsWith('/api/v1/'));
    for (const path of new Set(ofApiPaths.map((operation) => operation.path))) {
      // A path may be one of another, such as webhooks/test of webhooks/{id}.
      const isAnswered = (pattern: string) => new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
      const fitting = ofApiPaths.filter((operation) => operation.path === path || isAnswered(operation.path));
      const offered = [...new Set(fitting.map(({ method }) => method))].toSorted();
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((name) => !offered.includes(name))) {
        const answer = await server().call(method, path.replace('/api/v1', '').replaceAll(/\{\w+\}/g, 'none'));
        expect([answer.status, answer.body.code], `${method} ${path}`).toEqual([405, 'method_not_allowed']);
        expect(answer.headers.get('allow')?.split(', ').toSorted(), `${method} ${path}`).toEqual(offered);
      }
    }
  });
});

describe('POST with an Idempotency-Key', () => {
  /** Keys belong to their caller: those without one have none. */
  const repeatable = ofMethod('POST').filter(([, { role }]) => role !== null);

  test.each(repeatable)(
    '%s: the same request again has the same answer and no second effect',
    async (name, example) => {
      const operation = api.find(name);
      if (example.effects === undefined) throw new Error(`${name} needs \`effects\` in the table of examples.`);
      expect(parametersOf(operation, 'header'), `${name} must describe the header`).toContain('Idempotency-Key');
      const idempotencyKey = ownId();
      const request = await example.request(server());
      const first = await succeed(operation, request, { idempotencyKey });
      expect(first.headers.get('idempotency-replayed')).toBeNull();
      expect(await example.effects(server(), request), `${name} must have an effect that can be counted`).toBe(1);
      await example.undo?.(server(), request);

      const second = await succeed(operation, request, { idempotencyKey });
      expect(second.headers.get('idempotency-replayed'), `${name} does not heed the Idempotency-Key`).toBe('true');
      expect(second.body, `${name} must answer a repetition as it did the first time`).toEqual(first.body);
      expect(second.headers.get('location')).toBe(first.headers.get('location'));
      expect(await example.effects(server(), request), `${name} must not be done twice`).toBe(1);
    },
  );

  test.each(repeatable)('%s: another request under the same key is refused', async (name, { request, other }) => {
    const operation = api.find(name);
    // Of an action that takes no parameters there is no other request.
    if (!hasChoice(operation)) return;
    if (other === undefined) throw new Error(`${name} needs \`other\` in the table of examples.`);
    const idempotencyKey = ownId();
    const sent = await request(server());
    await succeed(operation, sent, { idempotencyKey });
    await refuse(operation, other(sent), [422, 'idempotency_mismatch'], { idempotencyKey });
    await succeed(operation, other(sent), { idempotencyKey: ownId() });
  });

  test.each(repeatable)('%s: a refused request leaves the key free', async (name, example) => {
    const operation = api.find(name);
    const idempotencyKey = ownId();
    const request = await example.request(server());
    const body = { ...(request.body as object | undefined), unknownMember: 1 };
    await refuse(operation, { ...request, body }, [400, 'validation_failed'], { idempotencyKey });
    if (operation.requestBody?.required === true) {
      if (example.refused === undefined) throw new Error(`${name} needs \`refused\` in the table of examples.`);
      const { status } = await send(operation, example.refused(request), { idempotencyKey });
      expect(status, `${name}: \`refused\` in the table of examples must be well-formed`).toBe(422);
    }
    const accepted = await succeed(operation, request, { idempotencyKey });
    expect(accepted.headers.get('idempotency-replayed')).toBeNull();
  });

  test.each(repeatable)('%s: a key that is too long is refused', async (name, { request }) => {
    const idempotencyKey = 'k'.repeat(256);
    await refuse(api.find(name), await request(server()), [400, 'validation_failed'], { idempotencyKey });
  });
});

describe('lists', () => {
  /** Goes up by number, and so has a test of its own. */
  const ASCENDING = 'GET /api/v1/webhooks/{id}/ledger';
  /** Are the same for everybody, and fit on a page. */
  const FIXED = [
    'GET /api/v1/templates/presets',
    'GET /api/v1/templates/variables',
    'GET /api/v1/receiver-examples',
    'GET /api/v1/event-types',
  ];
  const lists = all.filter(([, { fill }]) => fill !== undefined);

  test('are those that take a cursor, and every answer of items takes one, or goes on after a number', () => {
    for (const operation of api.operations) {
      const [media] = Object.values(operation.responses[operation.success]?.content ?? {});
      const { items } = (media?.schema.properties ?? {}) as { items?: unknown };
      const parameters = parametersOf(operation, 'query');
      const { name } = operation;
      if (FIXED.includes(name)) continue;
      if (items !== undefined && !parameters.includes('after')) {
        expect(parameters, `${name} must page by cursor`).toEqual(expect.arrayContaining(['limit', 'cursor']));
      }
      if (name === ASCENDING) continue;
      const isListed = lists.some(([list]) => list === name);
      expect(isListed, `${name} needs \`fill\` in the table of examples if and only if it takes a cursor`).toBe(
        parameters.includes('cursor'),
      );
    }
  });

  test.each(lists)('%s is newest first, a page at a time', async (name, { fill, idOf = ({ id }) => id }) => {
    const operation = api.find(name);
    const { ids, query, params = {} } = (await fill?.(server())) ?? { ids: [], query: {} };
    const found: string[] = [];
    for (let cursor: string | null = ''; found.length < ids.length; ) {
      const page: Answer = await succeed(operation, {
        params,
        query: { ...query, limit: '1', ...(cursor && { cursor }) },
      });
      expect(page.body.items, `${name} with limit=1`).toHaveLength(1);
      found.push(idOf(page.body.items[0]));
      cursor = page.body.next;
    }
    expect(found, `${name} must have the newest first`).toEqual(ids.toReversed());
  });

  test.each(lists)('%s takes a limit from 1 to 250 and no other', async (name, { request }) => {
    const operation = api.find(name);
    const { params = {} } = await request(server());
    for (const limit of ['1', '250']) await succeed(operation, { params, query: { limit } });
    for (const limit of ['0', '251', '-1', '1.5', 'many', '']) {
      await refuse(operation, { params, query: { limit } }, [400, 'validation_failed', '?limit']);
    }
  });

  test('take no cursor but their own', async () => {
    const cursors = new Map<string, string>();
    const paramsOf = new Map<string, Record<string, string>>();
    for (const [name, { fill }] of lists) {
      const { query, params = {} } = (await fill?.(server())) ?? { query: {} };
      paramsOf.set(name, params);
      cursors.set(name, (await succeed(api.find(name), { params, query: { ...query, limit: '1' } })).body.next);
    }
    for (const [name] of lists) {
      const foreign = [...cursors].filter(([list]) => list !== name).map(([, cursor]) => cursor);
      for (const cursor of ['x', '', ...foreign]) {
        const params = paramsOf.get(name) ?? {};
        await refuse(api.find(name), { params, query: { cursor } }, [400, 'validation_failed', '?cursor']);
      }
    }
  });
});

describe('configuration', () => {
  test.each(ofMethod('PATCH', 'PUT'))(
    '%s heeds the If-Match of an ETag that its GET has shown',
    async (name, example) => {
      const operation = api.find(name);
      const reading = api.find(`GET ${operation.path}`);
      const { headers = {} } = reading.responses[reading.success] ?? {};
      expect(Object.keys(headers), `${reading.name} must describe its ETag`).toContain('etag');
      expect(parametersOf(operation, 'header'), `${name} must describe If-Match`).toContain('if-match');

      const request = await example.request(server());
      const { params = {} } = request;
      const before = await succeed(reading, { params });
      const tag = before.headers.get('etag') ?? '';
      expect(tag, `${reading.name} must send an ETag`).toMatch(/^"[^"]+"$/);
      await refuse(operation, request, [412, 'precondition_failed'], { ifMatch: '"of-another-version"' });
      expect((await succeed(reading, { params })).body, `${name} must change nothing when it is refused`).toEqual(
        before.body,
      );

      await succeed(operation, request, { ifMatch: tag });
      const after = await succeed(reading, { params });
      expect(after.headers.get('etag'), `${name} must change the ETag with the configuration`).not.toBe(tag);
      await refuse(operation, request, [412, 'precondition_failed'], { ifMatch: tag });
    },
  );

  test('is deleted only under the ETag that its GET has shown, where there is one', async () => {
    const tagged = ofMethod('DELETE').filter(([name]) => showsTag(name.replace('DELETE', 'GET')));
    expect(tagged.length).toBeGreaterThanOrEqual(3);
    for (const [name, example] of tagged) {
      const operation = api.find(name);
      const reading = api.find(`GET ${operation.path}`);
      expect(parametersOf(operation, 'header'), `${name} must describe If-Match`).toContain('if-match');
      const request = await example.request(server());
      await refuse(operation, request, [412, 'precondition_failed'], { ifMatch: '"of-another-version"' });
      const { params = {} } = request;
      const tag = (await succeed(reading, { params })).headers.get('etag') ?? '';
      await succeed(operation, request, { ifMatch: tag });
    }
  });
});
