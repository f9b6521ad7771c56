import { createHmac, type KeyObject } from 'node:crypto';

/**
 * The `webhook-signature` of one attempt: for each key HMAC-SHA256 over id, timestamp and the exact bytes of the body,
 * joined by dots; signatures in the order of the keys, with a space between. `timestamp` is in Unix seconds. Source: Standard Webhooks 1.0.0, "Signature scheme".
 */
export function signStandard(keys: readonly KeyObject[], id: string, timestamp: string, body: string): string {
  const content = `${id}.${timestamp}.${body}`;
  return keys.map((key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`).join(' ');
}
