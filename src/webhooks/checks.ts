import { type EgressRules, judgeUrl } from '../egress/index.ts';
import { subscribable } from '../events/index.ts';
import { unacceptable } from '../kernel/errors.ts';
import { validateHeaderName, validateHeaderValue } from '../kernel/http-words.ts';
import { escapeMember } from '../kernel/json.ts';
import { mediaKindOf } from '../payloads/index.ts';
import { checkContentType } from '../templates/index.ts';
import type { GivenSecret } from './secrets.ts';
import { ownSignatureHeaders } from './signing.ts';
import type { Auth, DefaultConfig, OwnConfig } from './webhook.ts';

/** Settings in force, secrets as they were given. A webhook's URL is empty where it has none. */
type GivenConfig = Omit<DefaultConfig, 'auth'> & { auth: Auth<GivenSecret> };

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
 * Refuses (422, with a pointer) what the schema cannot say of a webhook: an address the operator has not allowed, a
 * header that is ours, an event type that does not exist. `own` is what the webhook sets itself. Without rules, addresses
 * are left to be judged when they are dialled.
 */
export function checkWebhook(config: GivenConfig, own: OwnConfig, rules: EgressRules | null): void {
  if (!config.url) throw unacceptable('/url', missingUrl(own.url));
  checkRest(config, rules);
  checkSignatureHeaders(config, own);
  const clash = clashingHeader(config);
  if (clash === null) return;
  // Where the webhook inherits the headers, it is its auth that does not go with them.
  if (own.headers !== undefined) throw unacceptable(headerPointer(clash), AUTH_WRITES_IT);
  throw unacceptable(
    '/auth',
    `The default headers have ${JSON.stringify(clash)}, which this writes too. Set headers here.`,
  );
}

/** `checkWebhook`, for what webhooks inherit: that needs no URL. */
export function checkDefaults(config: GivenConfig, rules: EgressRules): void {
  checkRest(config, rules);
  checkSignatureHeaders(config, config);
  const clash = clashingHeader(config);
  if (clash !== null) throw unacceptable(headerPointer(clash), AUTH_WRITES_IT);
}

const AUTH_WRITES_IT = 'With an `auth` other than none, Waybill itself writes this header.';

function missingUrl(own: string | undefined): string {
  if (own === undefined) return 'A URL is required: there is no default one to inherit.';
  return 'Must be an absolute http or https URL, or relative to the default one where there is one.';
}

function checkRest(config: GivenConfig, rules: EgressRules | null): void {
  if (config.url !== null) checkUrl(config.url, '/url', config, rules);
  checkHeaders(config.headers);
  checkPayload(config);
  checkAuth(config.auth);
  if (config.auth.type === 'oauth2') checkUrl(config.auth.tokenUrl, '/auth/tokenUrl', config, rules);
  for (const [index, pattern] of config.eventTypes.entries()) {
    if (!subscribable(pattern)) {
      throw unacceptable(
        `/eventTypes/${index}`,
        `${JSON.stringify(pattern)} is no event type: use an exact name, "family.*" or "*".`,
      );
    }
  }
}

function checkUrl(text: string, pointer: string, { allowInsecureHttp }: GivenConfig, rules: EgressRules | null): void {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw unacceptable(pointer, 'Must be an absolute http or https URL.');
  }
  if (url.username !== '' || url.password !== '') {
    throw unacceptable(pointer, 'A URL must not carry credentials: use `auth`.');
  }
  if (url.hash !== '') throw unacceptable(pointer, 'A URL to send to has no fragment: leave out "#" and what follows.');
  const refused = rules === null ? null : judgeUrl(rules, url, { allowInsecureHttp });
  if (refused !== null) throw unacceptable(pointer, refused.message, 'egress_refused');
}

/** What a format cannot be, or leaves no room for. What a template comes to is not judged here. */
function checkPayload({ payload, contentType, headers }: GivenConfig): void {
  checkContentType(contentType, payload);
  if (payload.format !== 'cloudevents' && payload.format !== 'gomft') return;
  if (mediaKindOf(contentType) === 'xml') {
    throw unacceptable('/contentType', `A body of the format ${payload.format} is JSON: there is no XML of it.`);
  }
  const attribute = Object.keys(headers).find((name) => name.toLowerCase().startsWith('ce-'));
  if (payload.format === 'cloudevents' && payload.mode === 'binary' && attribute !== undefined) {
    throw unacceptable(headerPointer(attribute), 'In binary mode the attributes of the event are these headers.');
  }
}

function checkHeaders(headers: GivenConfig['headers']): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const pointer = headerPointer(name);
    checkHeaderName(name, pointer);
    checkHeaderText(value, pointer);
    const lower = name.toLowerCase();
    if (seen.has(lower)) throw unacceptable(pointer, 'This header is given twice: names differ by more than case.');
    seen.add(lower);
  }
}

/**
 * Refuses a signature in a header that the webhook writes already, or that is not one. Where the webhook inherits how it
 * signs, it is its own `headers` or `auth` that does not go with that.
 */
function checkSignatureHeaders(
  { headers, auth, signing }: GivenConfig,
  own: { signing?: unknown; headers?: unknown },
): void {
  const names = ownSignatureHeaders(signing);
  if (names === null) return;
  checkHeaderName(names.current, SIGNATURE_HEADER);
  const isSignature = (name: string): boolean => Object.values(names).includes(name.toLowerCase());
  const ofHeaders = Object.keys(headers).find(isSignature);
  const clash = ofHeaders ?? headersOf(auth).find(isSignature);
  if (clash === undefined) return;
  if (own.signing !== undefined) {
    throw unacceptable(
      SIGNATURE_HEADER,
      `The webhook writes ${JSON.stringify(clash)} already, by its \`headers\` or \`auth\`: choose another name.`,
    );
  }
  const pointer = ofHeaders !== undefined && own.headers !== undefined ? headerPointer(ofHeaders) : '/auth';
  throw unacceptable(pointer, `Requests are signed in ${JSON.stringify(clash)}, by the default \`signing\`.`);
}

const SIGNATURE_HEADER = '/signing/headerName';

/** The first header that the `auth` writes itself, or null. */
function clashingHeader({ headers, auth }: GivenConfig): string | null {
  const ofAuth = headersOf(auth);
  return Object.keys(headers).find((name) => ofAuth.includes(name.toLowerCase())) ?? null;
}

function headerPointer(name: string): string {
  return `/headers/${escapeMember(name)}`;
}

/** The headers that an `auth` leaves no room for, in lower case. */
function headersOf(auth: GivenConfig['auth']): string[] {
  if (auth.type === 'none') return [];
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
      return;
    case 'oauth2':
      checkFormText(auth.clientId, '/auth/clientId');
      checkFormText(auth.clientSecret, '/auth/clientSecret');
      if (auth.scope !== undefined && !SCOPE.test(auth.scope)) {
        throw unacceptable(
          '/auth/scope',
          'Scopes are printable ASCII without quotes and backslashes, a space between.',
        );
      }
  }
}

/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/;

function checkSecretText(secret: GivenSecret, pointer: string): void {
  if (typeof secret === 'string') checkHeaderText(secret, pointer);
}

/** Anything can be sent in a form, but a line break in it was pasted by mistake. */
function checkFormText(text: GivenSecret, pointer: string): void {
  if (typeof text === 'string' && /\p{Cc}/u.test(text)) {
    throw unacceptable(pointer, 'Client ids and secrets hold no line breaks and no other control characters.');
  }
}

/** Anything can be sent as base64, but user names and passwords hold no control characters. */
function checkBasicText(text: GivenSecret, pointer: string): void {
  if (typeof text === 'string' && /\p{Cc}/u.test(text)) {
    throw unacceptable(pointer, 'User names and passwords hold no line breaks and no other control characters.');
  }
}
