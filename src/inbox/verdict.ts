import { createPublicKey, type KeyObject } from 'node:crypto';
import { type SignatureScheme, type SignedRequest, verifyBody, verifyStandard } from '../kernel/verify-signature.ts';
import { ownSignatureHeaders, signingKeysAt, type Webhook } from '../webhooks/index.ts';

/** What an inbox says of a request's signature. */
export interface InboxVerdict {
  verdict: 'valid' | 'wrong' | 'not_checked';
  scheme: SignatureScheme | null;
  /** The webhook by whose keys it was judged; null where there was none to judge by. */
  webhookId: string | null;
  /** Why it is not valid, as a clause in plain words; null when it is. */
  reason: string | null;
}

/**
 * Judges a request as the receiver of these webhooks should: by the keys that they sign with at `now` (epoch
 * milliseconds), each by its own scheme. One that finds it valid is enough; else the verdict is that of the webhook which
 * the request looks to be of. Pure.
 */
export function judgeRequest(request: SignedRequest, webhooks: readonly Webhook[], now: number): InboxVerdict {
  if (webhooks.length === 0) {
    return notChecked(null, 'no webhook sends to this inbox, so there is no key to verify with');
  }
  const signing = webhooks.filter(({ config }) => config.signing.scheme !== 'none');
  if (signing.length === 0) return notChecked(webhooks, 'the webhook does not sign its requests');
  const verdicts = signing.map((webhook) => judgeBy(request, webhook, now));
  const valid = verdicts.find(({ verdict }) => verdict === 'valid');
  if (valid !== undefined) return valid;
  const likely = signing.findIndex((webhook) => signatureHeaderOf(webhook) in request.headers);
  return verdicts[Math.max(0, likely)] as InboxVerdict;
}

function judgeBy(request: SignedRequest, webhook: Webhook, now: number): InboxVerdict {
  const scheme = webhook.config.signing.scheme as SignatureScheme;
  const judged = { scheme, webhookId: webhook.record.id };
  const found = verify(request, webhook, now);
  switch (found.verdict) {
    case 'valid':
      return { ...judged, verdict: 'valid', reason: null };
    case 'wrong':
      return { ...judged, verdict: 'wrong', reason: found.reason };
    case 'not_checked':
      return { ...judged, verdict: 'wrong', reason: `it is not signed by the scheme ${scheme}, as the webhook signs` };
  }
}

function verify(request: SignedRequest, webhook: Webhook, now: number) {
  const keys = signingKeysAt(webhook.signing, now);
  switch (webhook.config.signing.scheme) {
    case 'ed25519':
      return verifyStandard(request, { secrets: [], publicKeys: keys.map(publicKeyOf) }, now);
    case 'github':
    case 'gomft':
      return verifyBody(request, signatureHeaderOf(webhook), keys);
    default:
      return verifyStandard(request, { secrets: keys, publicKeys: [] }, now);
  }
}

function publicKeyOf(privateKey: KeyObject): KeyObject {
  return createPublicKey(privateKey);
}

/** In lower case. */
function signatureHeaderOf({ config }: Webhook): string {
  return ownSignatureHeaders(config.signing)?.current ?? 'webhook-signature';
}

function notChecked(webhooks: readonly Webhook[] | null, reason: string): InboxVerdict {
  return { verdict: 'not_checked', scheme: null, webhookId: webhooks?.[0]?.record.id ?? null, reason };
}
