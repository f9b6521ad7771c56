import {
  type Api,
  IfMatch,
  IfNoneMatch,
  ifMatch,
  PageQuery,
  pageOf,
  pageRequest,
  strictObject,
} from '../http/index.ts';
import { notFound, Refusal, unacceptable } from '../kernel/errors.ts';
import { formatInstant, formatInstantOrNull } from '../kernel/instants.ts';
import { pageOfList } from '../kernel/pages.ts';
import { Type } from '../kernel/type.ts';
import { type GivenAnswer, GivenInbox, InboxSchema, RequestSchema, WholeRequestSchema } from './inboxes.schemas.ts';
import type { InboxAnswer } from './inboxes.store.ts';
import type { Inbox, Inboxes } from './inboxes.ts';
import type { InboxRequest } from './request-box.ts';

interface Dependencies {
  inboxes: Inboxes;
}

type Params = Record<string, string>;

const NAME = /^[a-z0-9-]{1,40}$/;
const NameParams = Type.Object({ name: Type.String() });
const RequestParams = Type.Object({ name: Type.String(), id: Type.String() });
const tags = ['Inboxes'];

/** Built-in receivers as people set them up, and what arrived there. */
export function inboxRoutes(api: Api, { inboxes }: Dependencies): void {
  function find({ name = '' }: Params): Inbox {
    const inbox = inboxes.get(name);
    if (inbox === null) throw notFound('inbox', name);
    return inbox;
  }

  function findRequest({ id = '', ...params }: Params): InboxRequest {
    const request = find(params)
      .box.list()
      .find((each) => each.id === id);
    if (request === undefined) throw notFound('request', id);
    return request;
  }

  const tag = ({ name = '' }: Params): string | null => inboxes.tag(name);

  function present({ record, box }: Inbox) {
    const { name, answer, createdAt, updatedAt } = record;
    const requests = box.list();
    return {
      name,
      url: inboxes.urlOf(name),
      answer,
      webhookIds: inboxes.webhooksOf(name).map((webhook) => webhook.record.id),
      requestCount: requests.length,
      droppedCount: box.dropped,
      lastRequestAt: formatInstantOrNull(requests[0]?.receivedAt ?? null),
      createdAt: formatInstant(createdAt),
      updatedAt: formatInstant(updatedAt),
    };
  }

  api.get(
    '/api/v1/inboxes',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the built-in receivers, newest first',
        tags,
        querystring: strictObject(PageQuery),
        response: { 200: pageOf(InboxSchema) },
      },
    },
    async (request) => {
      const page = pageRequest('inboxes', request.query);
      const { items, next } = pageOfList(inboxes.list(), page, ({ record }) => record.number);
      return { items: items.map(present), next };
    },
  );

  api.get(
    '/api/v1/inboxes/:name',
    {
      config: { role: 'viewer', find, tag },
      schema: {
        summary: 'Read a built-in receiver',
        tags,
        params: NameParams,
        headers: IfNoneMatch,
        response: { 200: InboxSchema },
      },
    },
    async (request) => present(find(request.params)),
  );

  api.put(
    '/api/v1/inboxes/:name',
    {
      config: { role: 'operator', find: assertName, tag },
      schema: {
        summary: 'Make a built-in receiver at `/inbox/{name}`, or replace what it answers',
        description: 'The name has 1 to 40 characters: a–z, 0–9 and hyphens. There may be 50 of them.',
        tags,
        params: NameParams,
        headers: IfMatch,
        body: GivenInbox,
        response: { 200: InboxSchema },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const kept = await inboxes.keep(name, answerOf(request.body.answer ?? {}), ifMatch(request));
      const tagNow = inboxes.tag(name);
      if (tagNow !== null) reply.header('etag', tagNow);
      return reply.send(present(kept));
    },
  );

  api.delete(
    '/api/v1/inboxes/:name',
    {
      config: { role: 'operator', find, tag, problems: ['in_use'] },
      schema: {
        summary: 'Delete a built-in receiver that no webhook sends to, with all that it has received',
        tags,
        params: NameParams,
        headers: IfMatch,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const [sender] = inboxes.webhooksOf(name);
      if (sender !== undefined) {
        const { record } = sender;
        const detail = `The webhook ${JSON.stringify(record.name)} (${record.id}) sends to it. Give it another URL first.`;
        throw new Refusal('in_use', detail);
      }
      if (!(await inboxes.remove(name, ifMatch(request)))) throw notFound('inbox', name);
      return reply.code(204).send(null);
    },
  );

  api.get(
    '/api/v1/inboxes/:name/requests',
    {
      config: { role: 'viewer', find },
      schema: {
        summary: 'List what a built-in receiver has received, newest first',
        description: 'It keeps the last 200 requests, 16 MiB at most, in memory: a restart forgets them.',
        tags,
        params: NameParams,
        querystring: strictObject(PageQuery),
        response: { 200: pageOf(RequestSchema) },
      },
    },
    async (request) => {
      const page = pageRequest('inbox-requests', request.query);
      const { items, next } = pageOfList(find(request.params).box.list(), page, ({ id }) => id);
      return { items: items.map(presentRequest), next };
    },
  );

  api.get(
    '/api/v1/inboxes/:name/requests/:id',
    {
      config: { role: 'viewer', find: findRequest },
      schema: {
        summary: 'Read a request that a built-in receiver has received',
        tags,
        params: RequestParams,
        response: { 200: WholeRequestSchema },
      },
    },
    async (request) => presentWhole(findRequest(request.params)),
  );

  api.delete(
    '/api/v1/inboxes/:name/requests',
    {
      config: { role: 'operator', find },
      schema: {
        summary: 'Forget what a built-in receiver has received',
        tags,
        params: NameParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      find(request.params).box.clear();
      return reply.code(204).send(null);
    },
  );
}

function assertName({ name = '' }: Params): void {
  if (NAME.test(name)) return;
  throw new Refusal('validation_failed', 'The name of an inbox has 1 to 40 characters: a–z, 0–9 and hyphens.');
}

function answerOf({ status, retryAfterS, delayMs, hang }: GivenAnswer): InboxAnswer {
  if (hang === undefined) return { status: status ?? 200, retryAfterS: retryAfterS ?? null, delayMs: delayMs ?? 0 };
  const others = { status, retryAfterS, delayMs };
  const [other] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
  if (other !== undefined) throw unacceptable(`/answer/${other}`, 'An inbox that hangs answers nothing: leave it out.');
  return { hang };
}

function presentRequest({ id, receivedAt, method, path, headers, body, signature, answer }: InboxRequest) {
  const attempt = Number.parseInt(headers['x-waybill-attempt'] ?? '', 10);
  return {
    id,
    receivedAt: formatInstant(receivedAt),
    method,
    path,
    contentType: headers['content-type'] ?? null,
    bodyBytes: body.length,
    eventId: headers['webhook-id'] ?? null,
    eventType: headers['x-waybill-event'] ?? null,
    deliveryId: headers['x-waybill-delivery'] ?? null,
    attemptNumber: Number.isNaN(attempt) ? null : attempt,
    signature,
    answer,
  };
}

function presentWhole(request: InboxRequest) {
  const body = utf8Of(request.body);
  return {
    ...presentRequest(request),
    headers: request.headers,
    body,
    bodyBase64: body === null ? request.body.toString('base64') : null,
  };
}

/** The text of the bytes, or null when they are none. */
function utf8Of(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
