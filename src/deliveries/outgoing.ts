import { hash } from 'node:crypto';
import { type OutboundRequest, tlsSettings } from '../egress/index.ts';
import type { JsonObject } from '../kernel/json.ts';
import { version } from '../kernel/version.ts';
import { cloudEventAttributes, type InstanceFacts, renderBody } from '../payloads/index.ts';
import type { Auth, Webhook } from '../webhooks/index.ts';
import type { Handed, SentBody } from './handed.ts';
import { MASK, spellingsOf } from './masking.ts';
import { addSignature } from './sign.ts';

/** A request ready to be sent, and how the log shows it. */
export interface Outgoing {
  request: OutboundRequest;
  /** A `ShownRequest` in JSON: it is only ever written down, so it is never an object on the hot path. */
  shown: string;
  /** The credentials in it, in every spelling, for `maskEchoes`. */
  secrets: readonly string[];
  body: SentBody;
}

/** A request as people see it: without its body, credentials masked. */
export interface ShownRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
}

/** What an attempt is of: a handed delivery, as far as the request is concerned. */
export interface Subject extends Pick<Handed, 'id' | 'sequence' | 'attemptCount' | 'sent'> {
  event: { id: string; type: string; occurredAt: number };
  /** The event's data. Asked for only when there is no body yet. */
  content: () => JsonObject;
  /** The type to announce where it is not the one that the body shows: a connection test sends a sample. */
  announcedType?: string;
}

const USER_AGENT = `Waybill/${version}`;

/** Custom headers by which people authenticate: shown by name only. */
const SECRET_HEADER = /authorization|cookie|token|secret|passw|api-?key|signature/i;
const BODY_HASH_LENGTH = 22;

/**
 * Makes the request of an attempt. Bytes, method and content type of the first attempt go out again on every later one,
 * the event in headers where it was in headers; URL, credentials and other headers are those of today. Of a webhook with
 * a template the body is there already. `now` is the instant of the attempt, epoch milliseconds.
 */
export function prepare(webhook: Webhook, subject: Subject, instance: InstanceFacts, now: number): Outgoing {
  const { config, record } = webhook;
  const body = subject.sent ?? render(webhook, subject, instance);
  const settled = settledParts(webhook);
  const timestamp = String(Math.floor(now / 1000));
  const own = ['content-type', body.contentType, 'webhook-id', subject.event.id, 'webhook-timestamp', timestamp];
  addSignature(own, webhook, { id: subject.event.id, timestamp, body: body.content }, now);
  own.push(
    'x-waybill-event',
    subject.announcedType ?? subject.event.type,
    'x-waybill-delivery',
    subject.id,
    'x-waybill-attempt',
    String(subject.attemptCount + 1),
  );
  if (subject.sequence !== null) own.push('x-waybill-sequence', String(subject.sequence));
  if (body.eventInHeaders) own.push(...cloudEventHeaders(subject, instance));
  return {
    request: {
      lane: record.id,
      url: settled.url,
      method: body.method as OutboundRequest['method'],
      headers: [...own, ...settled.headers],
      body: body.content,
      timeoutMs: config.timeoutMs,
      maxConcurrency: config.limits.maxConcurrency,
      allowInsecureHttp: config.allowInsecureHttp,
      tls: settled.tls,
    },
    shown: `{"method":"${body.method}","url":${settled.shownUrl},"headers":{${membersOf(own)},${settled.shownHeaders}}}`,
    secrets: settled.secrets,
    body,
  };
}

/**
 * Names and values in turn, as the members of a JSON object. None of ours has a character that JSON escapes but the
 * first, the content type, which may quote a parameter.
 */
function membersOf([name, contentType, ...flat]: readonly string[]): string {
  let members = `"${name}":${JSON.stringify(contentType)}`;
  for (let i = 0; i < flat.length; i += 2) members += `,"${flat[i]}":"${flat[i + 1]}"`;
  return members;
}

function render({ config }: Webhook, { event, content: data }: Subject, instance: InstanceFacts): SentBody {
  const { method, contentType, payload } = config;
  if (payload.format === 'template') throw new Error('A template is rendered before its request is made.');
  const { id, type, occurredAt } = event;
  const body = renderBody({ id, type, occurredAt, data: data() }, { payload, contentType }, instance);
  const eventInHeaders = payload.format === 'cloudevents' && payload.mode === 'binary';
  return sentBody(method, body, eventInHeaders);
}

/** A body as an attempt sends it and the store keeps it. */
export function sentBody(
  method: string,
  { contentType, content }: { contentType: string; content: string },
  eventInHeaders = false,
): SentBody {
  const digest = hash('sha256', content, 'base64url').slice(0, BODY_HASH_LENGTH);
  return { method, contentType, eventInHeaders, hash: digest, content };
}

/** The attributes of an event in binary mode (CloudEvents HTTP binding §3.1.3): none has a character that needs escaping. */
function cloudEventHeaders({ event }: Subject, instance: InstanceFacts): string[] {
  return Object.entries(cloudEventAttributes(event, instance)).flatMap(([name, value]) => [`ce-${name}`, value]);
}

/** What every request of a webhook shares until the webhook is changed. */
interface SettledParts {
  url: string;
  headers: string[];
  tls: NonNullable<OutboundRequest['tls']> | null;
  /** As the log shows them, in JSON: the URL, and the headers as members of an object. */
  shownUrl: string;
  shownHeaders: string;
  secrets: readonly string[];
}

const settledByWebhook = new WeakMap<Webhook, SettledParts>();

function settledParts(webhook: Webhook): SettledParts {
  let parts = settledByWebhook.get(webhook);
  if (parts === undefined) {
    parts = settle(webhook);
    settledByWebhook.set(webhook, parts);
  }
  return parts;
}

function settle({ config }: Webhook): SettledParts {
  const { auth } = config;
  const credentials = credentialsOf(auth);
  const named = Object.entries(config.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const headers: [string, string][] = [
    ['user-agent', USER_AGENT],
    ...named.map(([n, v]) => [n, v] as [string, string]),
  ];
  if (credentials?.in === 'header') headers.push([credentials.name, credentials.value]);
  const isSecret = (name: string): boolean =>
    SECRET_HEADER.test(name) || (credentials?.in === 'header' && credentials.name === name);
  const secrets = headers.filter(([name]) => isSecret(name)).map(([, value]) => value);
  if (credentials !== null) secrets.push(credentials.secret);
  if (auth.type === 'basic') secrets.push(auth.password);
  const shown = Object.fromEntries(headers.map(([name, value]) => [name, isSecret(name) ? MASK : value]));
  if (auth.type === 'oauth2') shown.authorization = MASK;
  return {
    url: withQuery(config.url, credentials, encodeURIComponent),
    headers: headers.flat(),
    tls: tlsSettings(config.tls),
    shownUrl: JSON.stringify(withQuery(config.url, credentials, () => MASK)),
    shownHeaders: JSON.stringify(shown).slice(1, -1),
    secrets: spellingsOf(secrets),
  };
}

interface Credentials {
  in: 'header' | 'query';
  name: string;
  value: string;
  /** The part of the value that nobody may see. */
  secret: string;
}

/** The one header or query parameter that authenticates us (RFC 7617, RFC 6750), or null. */
function credentialsOf(auth: Auth<string>): Credentials | null {
  switch (auth.type) {
    case 'none':
    // Its token comes and goes: whoever sends the request adds it.
    case 'oauth2':
      return null;
    case 'basic': {
      const secret = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
      return { in: 'header', name: 'authorization', value: `Basic ${secret}`, secret };
    }
    case 'bearer':
      return { in: 'header', name: 'authorization', value: `Bearer ${auth.token}`, secret: auth.token };
    case 'api_key':
      return {
        in: auth.in,
        name: auth.in === 'header' ? auth.name.toLowerCase() : auth.name,
        value: auth.value,
        secret: auth.value,
      };
  }
}

function withQuery(url: string, credentials: Credentials | null, spell: (value: string) => string): string {
  if (credentials?.in !== 'query') return url;
  return `${url}${url.includes('?') ? '&' : '?'}${encodeURIComponent(credentials.name)}=${spell(credentials.value)}`;
}
