/** Why an attempt fails, in the words of the API. */
export const ERROR_CODES = [
  'auth_token_error',
  'connection_refused',
  'connection_reset',
  'dns_error',
  'egress_refused',
  'gone',
  'http_status',
  'redirect',
  'response_invalid',
  'template_error',
  'timeout',
  'tls_error',
] as const;

/** Why a delivery is held, or how it has ended. */
export const REASONS = [
  'attempts_spent',
  'breaker_open',
  'cancelled',
  'rate_limited',
  'template_error',
  'webhook_deleted',
  'webhook_disabled',
  'webhook_paused',
] as const;

/** Of these, what holds a delivery for no known time. */
export const HOLDS = ['webhook_disabled', 'webhook_paused'] as const;

/** Statuses of HTTP that say what is wrong. */
export const TELLING_STATUSES = ['400', '401', '403', '404', '405', '408', '413', '415', '422', '429'] as const;

/** Whether a list has a word: a server of another version may use others. */
export function isOneOf<const T extends string>(words: readonly T[], word: string | null): word is T {
  return (words as readonly (string | null)[]).includes(word);
}
