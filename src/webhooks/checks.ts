import { validateHeaderName, validateHeaderValue } from 'node:http';
import { type EgressRules, judgeUrl } from '../egress/index.ts';
import { subscribable } from '../events/index.ts';
import { unacceptable } from '../kernel/errors.ts';
import type { OwnConfig } from './webhook.ts';

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
export function checkConfig(config: OwnConfig, rules: EgressRules): void {
  checkUrl(config, rules);
  checkHeaders(config);
  checkAuth(config);
  for (const [index, pattern] of (config.eventTypes ?? []).entries()) {
    if (!subscribable(pattern)) {
      throw unacceptable(
        `/eventTypes/${index}`,
        `${JSON.stringify(pattern)} is no event type: use an exact name, "family.*" or "*".`,
      );
    }
  }
}

function checkUrl(config: OwnConfig, rules: EgressRules): void {
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

function checkHeaders(config: OwnConfig): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(config.headers ?? {})) {
    const pointer = `/headers/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    checkHeaderName(name, pointer);
    checkHeaderText(value, pointer);
    const lower = name.toLowerCase();
    if (seen.has(lower)) throw unacceptable(pointer, 'This header is given twice: names differ by more than case.');
    seen.add(lower);
    if (lower === 'authorization' && config.auth !== undefined && config.auth.type !== 'none') {
      throw unacceptable(pointer, 'With an `auth` other than none, Waybill itself writes this header.');
    }
  }
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

function checkAuth(config: OwnConfig): void {
  const { auth } = config;
  if (auth?.type === 'api_key' && auth.in === 'header') checkHeaderName(auth.name, '/auth/name');
}

/** Refuses credentials that could break out of the header they are sent in. `secret` is plain text. */
export function checkSecretText(secret: string, pointer: string): void {
  checkHeaderText(secret, pointer);
}
