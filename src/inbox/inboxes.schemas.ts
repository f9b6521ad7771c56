import { Instant, nullable, strictObject } from '../http/index.ts';
import { type Static, Type } from '../kernel/type.ts';
import type { InboxAnswer } from './inboxes.store.ts';

const LONGEST_DELAY_MS = 120_000;
const LONGEST_RETRY_AFTER_S = 24 * 60 * 60;

const status = Type.Integer({ minimum: 200, maximum: 599 });
const retryAfterS = Type.Integer({
  minimum: 0,
  maximum: LONGEST_RETRY_AFTER_S,
  description: 'The `Retry-After` header, in seconds.',
});
const delayMs = Type.Integer({
  minimum: 0,
  maximum: LONGEST_DELAY_MS,
  description: 'How long the answer is held back.',
});

/** One object and not a union of two, so that a refusal names the one member at fault. */
export const GivenInbox = strictObject({
  answer: Type.Optional(
    strictObject(
      {
        status: Type.Optional(status),
        retryAfterS: Type.Optional(nullable(retryAfterS)),
        delayMs: Type.Optional(delayMs),
        hang: Type.Optional(Type.Literal(true, { description: 'Never answer. Goes with no other member.' })),
      },
      { description: 'What each request is answered with: `status` 200 where nothing is said.' },
    ),
  ),
});

export type GivenAnswer = NonNullable<Static<typeof GivenInbox>['answer']>;

const Answer = Type.Unsafe<InboxAnswer>(
  Type.Union([
    Type.Object({ status, retryAfterS: nullable(retryAfterS), delayMs }),
    Type.Object({ hang: Type.Literal(true) }),
  ]),
);

export const InboxSchema = Type.Object({
  name: Type.String(),
  url: Type.String({ description: 'Where requests to it go. A webhook may be sent there as it is.' }),
  answer: Answer,
  webhookIds: Type.Array(Type.String(), { description: 'The webhooks that send there.' }),
  requestCount: Type.Integer({ description: 'How many requests are kept, in memory.' }),
  droppedCount: Type.Integer({ description: 'How many were dropped to make room for others.' }),
  lastRequestAt: nullable(Instant),
  createdAt: Instant,
  updatedAt: Instant,
});

const Verdict = Type.Object({
  verdict: Type.Enum(['valid', 'wrong', 'not_checked']),
  scheme: nullable(Type.Enum(['standard', 'ed25519', 'github', 'gomft'])),
  webhookId: nullable(Type.String({ description: 'The webhook by whose keys it was judged.' })),
  reason: nullable(Type.String({ description: 'Why it is not valid, in words.' })),
});

export const RequestSchema = Type.Object({
  id: Type.String(),
  receivedAt: Instant,
  method: Type.String(),
  path: Type.String({ description: 'Path and query, credentials masked.' }),
  contentType: nullable(Type.String()),
  bodyBytes: Type.Integer(),
  eventId: nullable(Type.String()),
  eventType: nullable(Type.String()),
  deliveryId: nullable(Type.String()),
  attemptNumber: nullable(Type.Integer()),
  signature: Verdict,
  answer: Answer,
});

export const WholeRequestSchema = Type.Intersect([
  RequestSchema,
  Type.Object({
    headers: Type.Record(Type.String(), Type.String(), {
      description: 'Names in lower case, in the order of their arrival, credentials masked.',
    }),
    body: nullable(Type.String({ description: 'The text; null where it is not UTF-8.' })),
    bodyBase64: nullable(Type.String({ description: 'The bytes, where they are no text; else null.' })),
  }),
]);
