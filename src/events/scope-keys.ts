import { isJsonObject, type JsonObject, ownMember } from '../kernel/json.ts';

/** The ids by which a webhook's scope chooses events; null where the event has none. Numbers are given as text. */
export interface ScopeKeys {
  transferId: string | null;
  scheduleId: string | null;
  stationId: string | null;
  partnerId: string | null;
  webhookId: string | null;
}

/** Reads `data.transfer|schedule|station|partner|webhook.id`, whatever the event's type. Pure. */
export function scopeKeys(data: JsonObject): ScopeKeys {
  return {
    transferId: idOf(data, 'transfer'),
    scheduleId: idOf(data, 'schedule'),
    stationId: idOf(data, 'station'),
    partnerId: idOf(data, 'partner'),
    webhookId: idOf(data, 'webhook'),
  };
}

function idOf(data: JsonObject, member: string): string | null {
  const object = ownMember(data, member);
  if (!isJsonObject(object)) return null;
  const id = ownMember(object, 'id');
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null;
}
