import { validateHeaderName, validateHeaderValue } from 'node:http';
import { type EgressRules, judgeUrl } from '../egress/index.ts';
import { subscribable } from '../events/index.ts';
import { unacceptable } from '../kernel/errors.ts';
import { escapeMember } from '../kernel/json.ts';
import type { GivenSecret } from './secrets.ts';
import type { Auth, WebhookConfig } from './webhook.ts';

/** What a webhook sets itself, secrets as they were given. */
type GivenConfig = Partial<Omit<WebhookConfig<string>, 'auth'>> & { auth?: Auth<GivenSecret> };

/** Names that framing, or Waybill itself, owns. */
const RESERVED_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'user-agent',
  'keep-alive',
  'proxy-connection',
]);
const RESERVED_PREFIXES = ['webhook-', 'x-waybill-'];

/**
 * Refuses (422, with a pointer) what the schema cannot say: an address the operator has not allowed, a header that is
 * ours, an event type that does not exist. Looks only at what the webhook sets itself.
 */
export function checkConfig(config: GivenConfig, rules: EgressRules): void {
  checkUrl(config, rules);
  checkHeaders(config);
  if (config.auth !== undefined) checkAuth(config.auth);
  for (const [index, pattern] of (config.eventTypes ?? []).entries()) {
    if (!subscribable(pattern)) {
      throw unacceptable(
        `/eventTypes/${index}`,
        `${JSON.stringify(pattern)} is no event type: use an exact name, "family.*" or "*".`,
      );
    }
  }
}

function checkUrl(config: GivenConfig, rules: EgressRules): void {
  if (config.url === undefined) throw unacceptable('/url', 'A URL is required: there is no default one to inherit.');
  const url = URL.parse(config.url);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw unacceptable('/url', 'Must be an absolute http or https URL.');
  }
  if (url.username !== '' || url.password !== '') {
    throw unacceptable('/url', 'A URL must not carry credentials: use `auth`.');
  }
  if (url.hash !== '') throw unacceptable('/url', 'A URL to send to has no fragment: leave out "#" and what follows.');
  const refused = judgeUrl(rules, url, { allowInsecureHttp: config.allowInsecureHttp ?? false });
  if (refused !== null) throw unacceptable('/url', refused.message, 'egress_refused');
}

function checkHeaders(config: GivenConfig): void {
  const ofAuth = headersOf(config.auth);
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(config.headers ?? {})) {
    const pointer = `/headers/${escapeMember(name)}`;
    checkHeaderName(name, pointer);
    checkHeaderText(value, pointer);
    const lower = name.toLowerCase();
    if (seen.has(lower)) throw unacceptable(pointer, 'This header is given twice: names differ by more than case.');
    seen.add(lower);
    if (ofAuth.includes(lower)) {
      throw unacceptable(pointer, 'With an `auth` other than none, Waybill itself writes this header.');
    }
  }
}

/** The headers that an `auth` leaves no room for, in lower case. */
function headersOf(auth: GivenConfig['auth']): string[] {
  if (auth === undefined || auth.type === 'none') return [];
  return auth.type === 'api_key' && auth.in === 'header'
    ? ['authorization', auth.name.toLowerCase()]
    : ['authorization'];
}

function checkHeaderName(name: string, pointer: string): void {
  const lower = name.toLowerCase();
  try {
    validateHeaderName(name);
  } catch {
    throw unacceptable(pointer, 'This is not a valid header name (RFC 9110 §5.1).');
  }
  if (RESERVED_HEADERS.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    throw unacceptable(pointer, 'Waybill or HTTP itself writes this header; choose another name.');
  }
}

function checkHeaderText(value: string, pointer: string): void {
  try {
    validateHeaderValue('x', value);
  } catch {
    throw unacceptable(pointer, 'A header value holds neither line breaks nor control characters.');
  }
}

/**
 * Refuses credentials that would not arrive as they were given, or would break out of their header (RFC 7617 §2,
 * RFC 9110 §5.5). A secret that is to stay as it is has been judged before.
 */
function checkAuth(auth: Auth<GivenSecret>): void {
  switch (auth.type) {
    case 'none':
      return;
    case 'basic':
      if (auth.username.includes(':')) throw unacceptable('/auth/username', 'A colon would end the user name here.');
      checkBasicText(auth.username, '/auth/username');
      checkBasicText(auth.password, '/auth/password');
      return;
    case 'bearer':
      checkSecretText(auth.token, '/auth/token');
      return;
    case 'api_key':
      if (auth.in === 'header') checkHeaderName(auth.name, '/auth/name');
      // In the query too, because a value that is kept may move from there into a header.
      checkSecretText(auth.value, '/auth/value');
  }
}

function checkSecretText(secret: GivenSecret, pointer: string): void {
  if (typeof secret === 'string') checkHeaderText(secret, pointer);
}

/** Anything can be sent as base64, but user names and passwords hold no control characters. */
function checkBasicText(text: GivenSecret, pointer: string): void {
  if (typeof text === 'string' && /\p{Cc}/u.test(text)) {
    throw unacceptable(pointer, 'User names and passwords hold no line breaks and no other control characters.');
  }
}
