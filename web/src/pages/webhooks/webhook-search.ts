import { readListSearch } from '../list-search.ts';
import type { Webhook } from './webhook-queries.ts';

/** Standings to choose from in the list; whoever is gone or failing is in trouble. */
export const STATES = ['active', 'trouble', 'paused', 'disabled'] as const;
export type StateFilter = (typeof STATES)[number];

/** What the URL of the list says. */
export interface WebhookSearch {
  q?: string;
  state?: StateFilter;
}

/** The members of a URL's search that are texts; whatever else it says is left out. */
export function readTexts<Name extends string>(
  search: Record<string, unknown>,
  names: readonly Name[],
): { [Key in Name]?: string } {
  const found = names.flatMap((name) => {
    const value = search[name];
    return typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [];
  });
  return Object.fromEntries(found);
}

/** What the URL of a ledger says: the number to begin after, and which page. */
export interface LedgerSearch {
  after?: number;
  cursor?: string;
}

export function readLedgerSearch(search: Record<string, unknown>): LedgerSearch {
  const { after } = search;
  const isNumber = typeof after === 'number' && Number.isSafeInteger(after) && after >= 0;
  return { ...readListSearch(search), ...(isNumber ? { after } : {}) };
}

export function readWebhookSearch(search: Record<string, unknown>): WebhookSearch {
  const state = STATES.find((known) => known === search.state);
  return { ...readTexts(search, ['q']), ...(state === undefined ? {} : { state }) };
}

/** What a webhook can be said to be, the weightiest first. */
export type Standing = 'disabled' | 'paused' | 'gone' | 'failing' | 'active';

/** How a webhook stands: its state, and whether its receiver is being left alone. Pure. */
export function standingOf({
  state,
  pauseReason,
  breaker,
}: Pick<Webhook, 'state' | 'pauseReason' | 'breaker'>): Standing {
  if (state === 'disabled') return 'disabled';
  if (state === 'paused') return pauseReason === 'gone' ? 'gone' : 'paused';
  return breaker === null ? 'active' : 'failing';
}

/** Whether a webhook passes the filters of the list: each word is somewhere in what people know it by. Pure. */
export function isFound(webhook: Webhook, { q = '', state }: WebhookSearch): boolean {
  const standing = standingOf(webhook);
  const isInTrouble = standing === 'gone' || standing === 'failing';
  if (state !== undefined && !(state === 'trouble' ? isInTrouble : state === standing)) return false;
  const { id, name, url, eventTypes, scope } = webhook;
  const text = [id, name, url, ...eventTypes, ...Object.values(scope).flat()].join('\n').toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
