import { Instant, kinds, nullable, strictObject } from '../http/index.ts';
import { type Static, Type } from '../kernel/type.ts';
import { MAX_TEMPLATE_BYTES, UnknownVariableSchema } from '../templates/index.ts';
import { INSECURE_SETTINGS } from './insecure.ts';
import { SigningSchema } from './signing.schemas.ts';
import { TlsAnswer, TlsSchema } from './tls.schemas.ts';

const MAX_DELAYS = 100;

const Secret = Type.Unsafe<string | { set: true }>({
  type: ['string', 'object'],
  minLength: 1,
  maxLength: 4096,
  properties: { set: { const: true } },
  required: ['set'],
  additionalProperties: false,
  description: 'Write-only. A read shows `{ "set": true }`; sending that back keeps the secret.',
});

const AuthSchema = kinds(
  'type',
  strictObject({ type: Type.Literal('none') }),
  strictObject({ type: Type.Literal('basic'), username: Type.String({ maxLength: 1024 }), password: Secret }),
  strictObject({
    type: Type.Literal('api_key'),
    name: Type.String({ minLength: 1, maxLength: 200 }),
    value: Secret,
    in: Type.Enum(['header', 'query']),
  }),
  strictObject({ type: Type.Literal('bearer'), token: Secret }),
  strictObject(
    {
      type: Type.Literal('oauth2'),
      tokenUrl: Type.String({ minLength: 1, maxLength: 2048 }),
      clientId: Type.String({ minLength: 1, maxLength: 1024 }),
      clientSecret: Secret,
      scope: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, description: 'Scopes, a space between two.' })),
      clientAuth: Type.Optional(
        Type.Enum(['basic', 'body'], {
          description: 'Where id and secret go: a Basic header by default, or the form.',
        }),
      ),
    },
    { description: 'An access token by client credentials (RFC 6749 §4.4), sent as a bearer token.' },
  ),
);

const Ids = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 1000, uniqueItems: true });

const ScopeSchema = strictObject({
  transferIds: Type.Optional(Ids),
  scheduleIds: Type.Optional(Ids),
  stationIds: Type.Optional(Ids),
  partnerIds: Type.Optional(Ids),
});

const DelayMs = Type.Integer({ minimum: 0, maximum: 366 * 24 * 3_600_000 });
const MaxAttempts = Type.Integer({ minimum: 1, maximum: 100 });
const Jitter = Type.Optional(Type.Number({ minimum: 0, maximum: 1 }));

const RetrySchema = kinds(
  'strategy',
  strictObject({
    strategy: Type.Literal('delays'),
    delaysMs: Type.Array(DelayMs, { maxItems: MAX_DELAYS }),
    jitter: Jitter,
  }),
  strictObject({ strategy: Type.Literal('fixed'), maxAttempts: MaxAttempts, delayMs: DelayMs, jitter: Jitter }),
  strictObject({
    strategy: Type.Literal('exponential'),
    maxAttempts: MaxAttempts,
    initialDelayMs: DelayMs,
    factor: Type.Number({ minimum: 1, maximum: 100 }),
    maxDelayMs: DelayMs,
    jitter: Jitter,
  }),
);

const TemplateText = Type.String({
  minLength: 1,
  maxLength: MAX_TEMPLATE_BYTES,
  description: 'A Liquid template of the body, at most 256 KiB.',
});

const PayloadSchema = kinds(
  'format',
  strictObject({
    format: Type.Literal('default'),
    identifiers: Type.Optional(Type.Enum(['both', 'old', 'new'])),
  }),
  strictObject({ format: Type.Literal('standard') }),
  strictObject({ format: Type.Literal('cloudevents'), mode: Type.Enum(['structured', 'binary']) }),
  strictObject({ format: Type.Literal('gomft') }),
  strictObject({ format: Type.Literal('template'), template: TemplateText }),
);

const MaxConcurrency = Type.Integer({ minimum: 1, maximum: 256 });
const RatePerSecond = nullable(
  Type.Number({
    minimum: 0.001,
    maximum: 10_000,
    description: 'Attempts started in a second, at most; null for as many as come. What has to wait for it is held.',
  }),
);

const ContentType = Type.String({
  maxLength: 200,
  description:
    '`application/json` or `application/xml`, either with `; charset=utf-8`; any media type with a template.',
});

/** Every setting a webhook may set itself. Null is the same as absent: the setting is inherited. */
const settings = {
  url: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 2048 }))),
  enabled: Type.Optional(nullable(Type.Boolean())),
  method: Type.Optional(nullable(Type.Enum(['POST', 'PUT', 'PATCH']))),
  contentType: Type.Optional(nullable(ContentType)),
  auth: Type.Optional(nullable(AuthSchema)),
  headers: Type.Optional(
    nullable(Type.Record(Type.String(), Type.String({ maxLength: 8192 }), { maxProperties: 100 })),
  ),
  eventTypes: Type.Optional(nullable(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 1000 }))),
  scope: Type.Optional(nullable(ScopeSchema)),
  routing: Type.Optional(nullable(Type.Enum(['always', 'unmatched']))),
  payload: Type.Optional(nullable(PayloadSchema)),
  retry: Type.Optional(nullable(RetrySchema)),
  timeoutMs: Type.Optional(nullable(Type.Integer({ minimum: 100, maximum: 120_000 }))),
  limits: Type.Optional(
    nullable(
      strictObject({ maxConcurrency: Type.Optional(MaxConcurrency), ratePerSecond: Type.Optional(RatePerSecond) }),
    ),
  ),
  signing: Type.Optional(nullable(SigningSchema)),
  tls: Type.Optional(nullable(TlsSchema)),
  allowInsecureHttp: Type.Optional(nullable(Type.Boolean())),
};

/** Settings as a body gives them, of a webhook or of what webhooks inherit. */
export const GivenSettings = strictObject(settings);
export type GivenSettings = Static<typeof GivenSettings>;

const Name = Type.String({ minLength: 1, maxLength: 200 });

const GivenSigningSecret = Type.Optional(
  nullable(Type.String({ description: '`whsec_` and 24 to 64 bytes in base64. Made where it is left out.' })),
);

export const NewWebhookBody = strictObject({
  name: Name,
  ...settings,
  signingSecret: GivenSigningSecret,
});
export type NewWebhookBody = Static<typeof NewWebhookBody>;

/** What `rotate-secret` takes; nothing at all is the same as an empty object. */
export const SecretRotationBody = strictObject({
  overlapMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 30 * 24 * 3_600_000,
      description: 'How long the secret before signs too: 24 hours by default, at most 30 days, 0 for not at all.',
    }),
  ),
  signingSecret: GivenSigningSecret,
});
export type SecretRotationBody = Static<typeof SecretRotationBody>;

export const SecretRotationAnswer = Type.Object({
  signingSecret: Type.String({ description: 'The secret now in force. Shown only here.' }),
  previousExpiresAt: nullable(Instant),
});

/** A webhook's own settings after a merge patch: what the patch and the settings before it come to. */
export const MergedWebhook = strictObject({ name: Name, ...settings });
export type MergedWebhook = Static<typeof MergedWebhook>;

/** RFC 7396: any part of the above. Here only its names are checked, the values once they have been merged. */
export const WebhookPatchBody = Type.Unsafe<Record<string, unknown>>(
  strictObject(
    {
      ...Object.fromEntries(['name', ...Object.keys(settings)].map((name) => [name, Type.Optional(Type.Unknown())])),
      signingSecret: Type.Optional(nullable(Secret)),
    },
    { description: 'A JSON merge patch (RFC 7396) of the webhook; null goes back to inherited.' },
  ),
);

/** The settings in force, in the order in which they are shown. */
const shown = {
  enabled: Type.Boolean(),
  method: Type.String(),
  contentType: Type.String(),
  auth: Type.Object({ type: Type.String() }),
  headers: Type.Record(Type.String(), Type.String()),
  eventTypes: Type.Array(Type.String()),
  scope: ScopeSchema,
  routing: Type.String(),
  payload: PayloadSchema,
  retry: RetrySchema,
  timeoutMs: Type.Integer(),
  limits: Type.Object({ maxConcurrency: MaxConcurrency, ratePerSecond: RatePerSecond }),
  signing: SigningSchema,
  tls: TlsAnswer,
  allowInsecureHttp: Type.Boolean(),
};

/** Beside a template that was saved: what in it is most likely a slip. */
const warnings = Type.Optional(
  Type.Array(UnknownVariableSchema, {
    description: 'Only in the answer to a save that brought a template into use: names in it that nothing has.',
  }),
);

export const WebhookAnswer = Type.Object({
  id: Type.String(),
  name: Name,
  url: Type.String({ description: 'Where it is sent to: a relative one as the default URL completes it.' }),
  configuredUrl: Type.Optional(Type.String({ description: "A relative URL as it was given: the webhook's own." })),
  state: Type.Enum(['active', 'paused', 'disabled']),
  pauseReason: nullable(Type.Enum(['manual', 'gone'])),
  breaker: nullable(
    Type.Object(
      { openedAt: Instant, failedProbes: Type.Integer(), nextProbeAt: Instant },
      {
        description:
          'Open after ten failed attempts in a row of three deliveries or more: what is owed waits, one attempt at a time finds out whether the receiver is back, and none of that uses up a try. Null while it is closed.',
      },
    ),
  ),
  ...shown,
  insecure: Type.Optional(
    Type.Array(Type.Enum([...INSECURE_SETTINGS]), {
      description: 'The settings that give up protection; there only where one does.',
    }),
  ),
  signingSecret: Type.Unsafe<string | { set: true }>({
    description: '`{ "set": true }`; the secret itself only in the answer that created it.',
  }),
  previousSecretExpiresAt: nullable(Instant),
  publicKey: Type.Optional(
    Type.String({
      description:
        'With the signing scheme `ed25519`: what requests verify with, `whpk_` and base64 (Standard Webhooks).',
    }),
  ),
  inherited: Type.Array(Type.String(), { description: 'The settings that this webhook does not set itself.' }),
  createdAt: Type.String({ format: 'date-time' }),
  updatedAt: Type.String({ format: 'date-time' }),
  warnings,
});

export const DefaultsAnswer = Type.Object({
  url: nullable(Type.String({ description: 'What webhooks without one use, and relative ones are resolved against.' })),
  ...shown,
  warnings,
});
