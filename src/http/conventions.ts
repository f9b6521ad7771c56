import { REFUSALS, type RefusalCode } from '../kernel/errors.ts';
import { STATUS_CODES } from '../kernel/http-words.ts';
import type { Role } from './actor.ts';
import { API_PREFIX } from './api.ts';
import { CSRF_HEADER, isUnsafe } from './forgery.ts';
import { MAX_KEY_LENGTH } from './once.ts';
import { PROBLEM_TYPE } from './problem.ts';

/** The parts of an OpenAPI document that the conventions of this API are told in. */
export interface Document {
  paths?: Record<string, Record<string, Operation>>;
  components?: Record<string, object>;
}

interface Operation {
  parameters?: object[];
  requestBody?: { required?: boolean; content: Record<string, { schema: { type?: string | string[] } }> };
  responses: Record<string, { $ref: string } | { description: string; headers?: Record<string, object> }>;
  security?: object[];
}

/** What a route says of itself beside its schemas. */
export interface Traits {
  /** Who may call it; null: anyone, without a key or a session. */
  role: Role | null;
  /** What it may be refused with, beside what the conventions have for all routes of its kind. */
  problems: readonly RefusalCode[];
}

/**
 * Writes into each operation what holds for all of its kind, so that no route need say so: the role, the headers of
 * requests that may be repeated or depend on a version, bodies that may be left out, and the problems. `traitsOf` is asked
 * by names such as `POST /webhooks/{id}/pause`.
 */
export function describeConventions(document: Document, traitsOf: (operation: string) => Traits): void {
  document.paths = withNullKind(document.paths ?? {}) as NonNullable<Document['paths']>;
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      describeOperation(operation, method, path, traitsOf(`${method.toUpperCase()} ${path}`));
    }
  }
  const { schemas, ...others } = components();
  document.components = {
    ...document.components,
    ...others,
    schemas: { ...document.components?.schemas, ...schemas },
  };
}

/** Our validator asks the discriminator first, and so takes null for none of the kinds; others need it to be one. */
function withNullKind(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNullKind);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withNullKind(member)]));
  const { type, oneOf } = copy;
  const isNullable = Array.isArray(type) && type.includes('null') && Array.isArray(oneOf);
  return isNullable ? { ...copy, oneOf: [...oneOf, { type: 'null' }] } : copy;
}

function describeOperation(operation: Operation, method: string, path: string, { role, problems }: Traits): void {
  operation.security = role === null ? [] : [{ apiKey: [role] }, { session: [role] }];
  describeSuccess(operation);
  if (operation.requestBody !== undefined) describeBody(operation.requestBody);
  if (hasEntityTag(operation)) addResponseHeader(operation, 'etag', 'EntityTag');
  if (role === null && !path.startsWith(API_PREFIX)) return;
  if (role !== null) describeCaller(operation, method);
  for (const status of statusesOf([...codesOf(operation, method, path, role), ...problems])) {
    operation.responses[status] = { $ref: `#/components/responses/Problem${status}` };
  }
}

/** What belongs to requests of somebody whom we know. */
function describeCaller(operation: Operation, method: string): void {
  const add = (component: string): void => {
    operation.parameters = [...(operation.parameters ?? []), { $ref: `#/components/parameters/${component}` }];
  };
  if (isUnsafe(method.toUpperCase())) add('CsrfToken');
  if (method !== 'post') return;
  add('IdempotencyKey');
  addResponseHeader(operation, 'idempotency-replayed', 'IdempotencyReplayed');
}

function describeSuccess({ responses }: Operation): void {
  for (const [status, response] of Object.entries(responses)) {
    if ('description' in response && response.description === UNDESCRIBED) {
      response.description = STATUS_CODES[status] ?? UNDESCRIBED;
    }
  }
}

/** What @fastify/swagger calls a response that has no description. */
const UNDESCRIBED = 'Default Response';

/** A body that may be null to the server may be left out by the caller, who sends no `null`. */
function describeBody(body: NonNullable<Operation['requestBody']>): void {
  for (const media of Object.values(body.content)) {
    const types = [media.schema.type ?? []].flat();
    body.required = !types.includes('null');
    if (body.required) continue;
    const [type, ...others] = types.filter((name) => name !== 'null');
    media.schema = { ...media.schema, ...(type !== undefined && others.length === 0 ? { type } : {}) };
  }
}

/** Whether it takes `If-Match` or `If-None-Match`: then it is about something that has a version. */
function hasEntityTag({ parameters = [] }: Operation): boolean {
  return parameters.some((parameter) => /^if-(none-)?match$/i.test(String((parameter as { name?: string }).name)));
}

function addResponseHeader({ responses }: Operation, name: string, component: string): void {
  for (const [status, response] of Object.entries(responses)) {
    if (!status.startsWith('2') || status === '204' || '$ref' in response) continue;
    response.headers = { ...response.headers, [name]: { $ref: `#/components/headers/${component}` } };
  }
}

/** What every operation of its kind may be refused with. */
function codesOf(operation: Operation, method: string, path: string, role: Role | null): RefusalCode[] {
  const codes: RefusalCode[] = ['internal_error'];
  if (role !== null) codes.push('unauthorized', 'forbidden');
  if (path.startsWith(API_PREFIX)) codes.push('validation_failed');
  if (path.includes('{')) codes.push('not_found');
  if (operation.requestBody !== undefined) codes.push('payload_too_large', 'unsupported_media_type');
  if (hasEntityTag(operation)) codes.push('precondition_failed');
  if (method !== 'get') codes.push('conflict', 'storage_unavailable');
  if (method === 'post' && role !== null) codes.push('idempotency_mismatch');
  return codes;
}

function statusesOf(codes: readonly RefusalCode[]): number[] {
  const statuses = codes.map((code) => REFUSALS[code].status);
  // A value that cannot be accepted is `validation_failed` too, with another status.
  const hasBody = codes.includes('payload_too_large');
  return [...new Set([...statuses, ...(hasBody ? [VALUE_REFUSED] : [])])].toSorted((a, b) => a - b);
}

const VALUE_REFUSED = 422;

/** What operations refer to: one response for each status of a refusal, and the headers of the conventions. */
function components(): Record<string, object> {
  const codes = Object.keys(REFUSALS) as RefusalCode[];
  const statuses = new Set(codes.map((code) => REFUSALS[code].status));
  return {
    schemas: { Problem: problemSchema(codes) },
    responses: Object.fromEntries([...statuses].map((status) => [`Problem${status}`, problemResponse(status, codes)])),
    parameters: {
      CsrfToken: {
        name: CSRF_HEADER,
        in: 'header',
        required: false,
        schema: { type: 'string' },
        description: '`csrfToken` of GET /api/v1/session. Requests with a session must have it.',
      },
      IdempotencyKey: {
        name: 'Idempotency-Key',
        in: 'header',
        required: false,
        schema: { type: 'string', minLength: 1, maxLength: MAX_KEY_LENGTH },
        description:
          'Makes it safe to send the request again: for 24 hours the same request with the same key gets the same answer and has no second effect.',
      },
    },
    headers: {
      EntityTag: { schema: { type: 'string' }, description: 'Names this version, for `If-Match`.' },
      IdempotencyReplayed: {
        schema: { const: 'true' },
        description: 'Only there when this is the kept answer to an earlier request with the same Idempotency-Key.',
      },
    },
  };
}

function problemSchema(codes: readonly RefusalCode[]): object {
  return {
    type: 'object',
    description: 'A problem (RFC 9457).',
    required: ['type', 'title', 'status', 'detail', 'code'],
    properties: {
      type: { type: 'string' },
      title: { type: 'string', description: 'What `code` stands for.' },
      status: { type: 'integer' },
      detail: { type: 'string', description: 'What is wrong with this request, and what to do.' },
      code: { type: 'string', enum: codes },
      errors: {
        type: 'array',
        description: 'One entry for each field at fault.',
        items: {
          type: 'object',
          required: ['pointer', 'detail'],
          properties: {
            pointer: { type: 'string', description: 'Into the body (RFC 6901), or `?name` for a query parameter.' },
            detail: { type: 'string' },
            line: { type: ['integer', 'null'], description: 'Of a template, as are those below.' },
            column: { type: ['integer', 'null'] },
            eventType: { type: ['string', 'null'], description: 'The type of event with which it shows.' },
            sample: { type: ['object', 'null'], description: 'The data of that event, long texts cut.' },
          },
        },
      },
    },
  };
}

function problemResponse(status: number, codes: readonly RefusalCode[]): object {
  const own = codes.filter((code) => REFUSALS[code].status === status);
  const possible: RefusalCode[] = status === VALUE_REFUSED ? ['validation_failed', ...own] : own;
  const titles = own.map((code) => REFUSALS[code].title);
  return {
    description: [...(status === VALUE_REFUSED ? ['A value cannot be accepted'] : []), ...titles].join('; '),
    content: {
      [PROBLEM_TYPE]: {
        schema: {
          allOf: [{ $ref: '#/components/schemas/Problem' }],
          properties: { status: { const: status }, code: { enum: possible } },
        },
      },
    },
  };
}
