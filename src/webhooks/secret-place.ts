import type { WebhookId } from '../kernel/ids.ts';
import { DEFAULTS } from './webhooks.store.ts';

/** A secret as a request gives it: the text, or the `{ "set": true }` of a read, which keeps what is there. */
export type GivenSecret = string | { set: true };

/** Whose a secret is: a webhook's, or the defaults'. */
export type SecretOwner = WebhookId | typeof DEFAULTS;

/** What a sealed secret is bound to. */
export function secretPlace(owner: SecretOwner, member: string): string {
  return owner === DEFAULTS ? `${DEFAULTS}/${member}` : `webhooks/${owner}/${member}`;
}
