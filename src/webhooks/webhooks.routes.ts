import {
  type Api,
  IfMatch,
  IfNoneMatch,
  ifMatch,
  NoBody,
  nullable,
  PageQuery,
  pageOf,
  pageRequest,
  strictObject,
  withLocation,
} from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { notFound, Refusal } from '../kernel/errors.ts';
import { formatInstant, formatInstantOrNull } from '../kernel/instants.ts';
import { isJsonObject, type Json } from '../kernel/json.ts';
import { pageOfList } from '../kernel/pages.ts';
import { Type } from '../kernel/type.ts';
import type { UnknownVariable } from '../templates/index.ts';
import { inheritedNames, isRelativeUrl } from './defaults.ts';
import type { Webhook, WebhookDirectory, WebhookView } from './directory.ts';
import { insecureSettings } from './insecure.ts';
import { maskAuth } from './secrets.ts';
import { expiryAt } from './signing-keys.ts';
import { maskTls } from './tls.ts';
import { untilCurrent } from './until-current.ts';
import {
  NewWebhookBody,
  SecretRotationAnswer,
  SecretRotationBody,
  WebhookAnswer,
  WebhookPatchBody,
} from './webhooks.schemas.ts';
import type { Basis } from './webhooks.store.ts';
import { basisOf, type Webhooks } from './webhooks.ts';

interface Dependencies {
  webhooks: Webhooks;
  directory: WebhookDirectory;
  clock: Clock;
  /**
   * Deletes a webhook and cancels what it is still owed. False when there is none. With a basis it refuses (409) to
   * delete what is on another.
   */
  remove: (id: string, basis: Basis | null) => Promise<boolean>;
}

/** The schema of a read; its type is that of the function that makes one. */
const Answer = Type.Unsafe<ReturnType<typeof presentWebhook> & ReturnType<typeof warned>>(WebhookAnswer);
const IdParams = Type.Object({ id: Type.String() });
const tags = ['Webhooks'];

export function webhookRoutes(api: Api, { webhooks, directory, clock, remove }: Dependencies): void {
  function find({ id }: Record<string, string>): Webhook {
    const webhook = directory.get(id as string);
    if (webhook === null) throw notFound('webhook', id as string);
    return webhook;
  }

  const present = (webhook: WebhookView, now = clock.now()) =>
    presentWebhook(webhook, directory.publicKey(webhook), now);
  const tag = ({ id }: Record<string, string>) => directory.get(id as string)?.tag ?? null;

  api.post(
    '/api/v1/webhooks',
    {
      config: { role: 'admin', problems: ['template_invalid', 'rate_limited'] },
      schema: {
        summary: 'Create a webhook',
        tags,
        body: NewWebhookBody,
        response: { 201: withLocation(Answer) },
      },
    },
    async (request, reply) => {
      const { webhook, signingSecret, warnings } = await webhooks.create(request.body, request.once);
      return reply
        .code(201)
        .header('location', `/api/v1/webhooks/${webhook.record.id}`)
        .header('etag', webhook.tag)
        .send({ ...present(webhook), signingSecret, ...warned(warnings) });
    },
  );

  api.get(
    '/api/v1/webhooks',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List webhooks, newest first',
        tags,
        querystring: strictObject(PageQuery),
        response: { 200: pageOf(Answer) },
      },
    },
    async (request) => {
      const page = pageRequest('webhooks', request.query);
      const { items, next } = pageOfList(directory.list(), page, ({ record }) => record.id);
      return { items: items.map((webhook) => present(webhook)), next };
    },
  );

  api.get(
    '/api/v1/webhooks/:id',
    {
      config: { role: 'viewer', find, tag },
      schema: {
        summary: 'Read a webhook',
        tags,
        params: IdParams,
        headers: IfNoneMatch,
        response: { 200: Answer },
      },
    },
    async (request) => present(find(request.params)),
  );

  api.patch(
    '/api/v1/webhooks/:id',
    {
      config: { role: 'admin', find, tag, problems: ['template_invalid', 'rate_limited'] },
      schema: {
        summary: 'Change a webhook',
        tags,
        params: IdParams,
        headers: IfMatch,
        body: WebhookPatchBody,
        response: { 200: Answer },
      },
    },
    async (request, reply) => {
      const patch = request.body as Json;
      if (!isJsonObject(patch)) throw new Refusal('validation_failed', 'A merge patch is a JSON object.');
      const { webhook, warnings } = await webhooks.change(request.params.id, patch, ifMatch(request));
      return reply.header('etag', webhook.tag).send({ ...present(webhook), ...warned(warnings) });
    },
  );

  api.post(
    '/api/v1/webhooks/:id/rotate-secret',
    {
      config: { role: 'admin', find, tag },
      schema: {
        summary: 'Put another signing secret in force; the one before signs too for a while',
        tags,
        params: IdParams,
        headers: IfMatch,
        body: nullable(SecretRotationBody),
        response: { 200: SecretRotationAnswer },
      },
    },
    async (request) => {
      const { params, body, once } = request;
      const rotated = await webhooks.rotateSecret(params.id, body ?? {}, ifMatch(request), once);
      return { ...rotated, previousExpiresAt: formatInstantOrNull(rotated.previousExpiresAt) };
    },
  );

  for (const [verb, reason] of [
    ['pause', 'manual'],
    ['resume', null],
  ] as const) {
    api.post(
      `/api/v1/webhooks/:id/${verb}`,
      {
        config: { role: 'operator', find, tag },
        schema: {
          summary: verb === 'pause' ? 'Hold everything owed to a webhook' : 'Send again, held deliveries first',
          tags,
          params: IdParams,
          headers: IfMatch,
          body: NoBody,
          response: { 200: Answer },
        },
      },
      async (request, reply) => {
        const { webhook, at } = await webhooks.pause(request.params.id, reason, ifMatch(request), request.once);
        return reply.header('etag', webhook.tag).send(present(webhook, at));
      },
    );
  }

  api.delete(
    '/api/v1/webhooks/:id',
    {
      config: { role: 'admin', find, tag },
      schema: {
        summary: 'Delete a webhook and cancel what it is owed',
        tags,
        params: IdParams,
        headers: IfMatch,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const isConditional = request.headers['if-match'] !== undefined;
      const isRemoved = await untilCurrent(() => {
        const webhook = find(request.params);
        ifMatch(request)(webhook.tag);
        return remove(id, isConditional ? basisOf(webhook, directory) : null);
      });
      if (!isRemoved) throw notFound('webhook', id);
      return reply.code(204).send(null);
    },
  );
}

/** The member `warnings` of an answer, where there is something to warn of, or would have been. */
export function warned(warnings: UnknownVariable[] | null | undefined): { warnings?: UnknownVariable[] } {
  return warnings == null ? {} : { warnings };
}

/** A webhook as the API shows it at `now`: effective values, secrets only as set. */
function presentWebhook({ record, config, state }: WebhookView, publicKey: string | null, now: number) {
  const { url, enabled, auth, tls, ...rest } = config;
  const { method, contentType, allowInsecureHttp, ...others } = rest;
  const configured = record.config.url;
  // A record that a version without rotation kept for somebody's second request lacks the member.
  const previousSecret = record.previousSecret ?? null;
  // Nor does one of a version without breakers.
  const breaker = record.breaker ?? null;
  const insecure = insecureSettings(config);
  return {
    id: record.id,
    name: record.name,
    url,
    ...(configured !== undefined && isRelativeUrl(configured) ? { configuredUrl: configured } : {}),
    enabled,
    state,
    pauseReason: record.pauseReason,
    breaker: breaker && {
      openedAt: formatInstant(breaker.openedAt),
      failedProbes: breaker.probes,
      nextProbeAt: formatInstant(breaker.probeAt),
    },
    method,
    contentType,
    auth: maskAuth(auth),
    ...others,
    tls: maskTls(tls),
    allowInsecureHttp,
    ...(insecure.length === 0 ? {} : { insecure }),
    signingSecret: { set: true } as { set: true } | string,
    previousSecretExpiresAt: formatInstantOrNull(expiryAt(previousSecret, now)),
    ...(publicKey === null ? {} : { publicKey }),
    inherited: inheritedNames(record.config),
    createdAt: formatInstant(record.createdAt),
    updatedAt: formatInstant(record.updatedAt),
  };
}
