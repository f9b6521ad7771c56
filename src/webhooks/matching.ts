import type { WebhookId } from '../kernel/ids.ts';
import type { Routing, Scope } from './webhook.ts';

/** What matching asks of a webhook. */
export interface MatchRules {
  id: WebhookId;
  enabled: boolean;
  eventTypes: readonly string[];
  scope: Scope;
  routing: Routing;
}

/** What matching asks of an event: its type, and the ids in its data that scopes compare with. */
export interface MatchEvent {
  type: string;
  transferId: string | null;
  scheduleId: string | null;
  stationId: string | null;
  partnerId: string | null;
  webhookId: string | null;
}

/** Connection tests go to other webhooks only when those ask for them by name. */
const TEST_TYPE = 'webhook.test';

/** Whether one entry of `eventTypes` covers a type: the exact name, `family.*` for any depth below, `*` for all. Pure. */
function coversType(pattern: string, type: string): boolean {
  if (pattern === '*') return type !== TEST_TYPE;
  if (pattern.endsWith('.*')) return type.startsWith(pattern.slice(0, -1));
  return pattern === type;
}

/** Whether a webhook's `eventTypes` covers a type; an empty list covers all. Pure. */
export function wantsType(eventTypes: readonly string[], type: string): boolean {
  if (eventTypes.length === 0) return type !== TEST_TYPE;
  return eventTypes.some((pattern) => coversType(pattern, type));
}

/**
 * The webhooks that an event is owed to. Those with `routing: unmatched` get it only when it has a station or a partner
 * and no enabled webhook that names stations or partners did (MFT Gateway's "All Stations" fallback). Pure.
 */
export function matchWebhooks<W extends MatchRules>(webhooks: Iterable<W>, event: MatchEvent): W[] {
  const direct: W[] = [];
  const fallback: W[] = [];
  for (const webhook of webhooks) {
    if (!isWanted(webhook, event)) continue;
    if (webhook.routing === 'always') direct.push(webhook);
    else fallback.push(webhook);
  }
  const isStationsOrPartners = event.stationId !== null || event.partnerId !== null;
  if (!isStationsOrPartners || direct.some(namesStationOrPartner)) return direct;
  return [...direct, ...fallback];
}

function namesStationOrPartner(webhook: MatchRules): boolean {
  return webhook.scope.stationIds.length > 0 || webhook.scope.partnerIds.length > 0;
}

function isWanted(webhook: MatchRules, event: MatchEvent): boolean {
  return (
    webhook.enabled &&
    !isAbout(event, webhook.id) &&
    wantsType(webhook.eventTypes, event.type) &&
    isInScope(webhook.scope, event)
  );
}

/** Whether an event's ids are in each of the lists that are not empty. Pure. */
export function isInScope(scope: Scope, event: MatchEvent): boolean {
  return (
    isIn(scope.transferIds, event.transferId) &&
    isIn(scope.scheduleIds, event.scheduleId) &&
    isIn(scope.stationIds, event.stationId) &&
    isIn(scope.partnerIds, event.partnerId)
  );
}

/** Whether an event is about a webhook, which is then never sent it: it would feed on itself. Pure. */
export function isAbout(event: MatchEvent, id: WebhookId): boolean {
  return event.webhookId === id && /^(webhook|delivery)\./.test(event.type);
}

function isIn(wanted: readonly string[], id: string | null): boolean {
  return wanted.length === 0 || (id !== null && wanted.includes(id));
}
