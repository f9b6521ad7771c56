import { createHmac, type KeyObject } from 'node:crypto';

/**
 * The `webhook-signature` of one attempt: HMAC-SHA256 over id, timestamp and the exact bytes of the body, joined by
 * dots. `timestamp` is in Unix seconds. Source: Standard Webhooks 1.0.0, "Signature scheme".
 */
export function signStandard(key: KeyObject, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
