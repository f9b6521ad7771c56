import { isEverything } from './draft.ts';
import type { Webhook } from './webhook-queries.ts';

/** A station, or a partner that webhooks name without one, and the webhooks that are made for it. */
export interface Row {
  id: string;
  kind: 'station' | 'partner';
  webhooks: readonly Webhook[];
}

/** Which webhooks are told of AS2 messages, by how they come to it. */
export interface StationMap {
  rows: readonly Row[];
  /** The All Stations fallback: told of what no webhook of a row has got. */
  fallback: readonly Webhook[];
  /** Told of everything, whatever the rows have. */
  always: readonly Webhook[];
}

/** Families of events that have a station or a partner. */
const OF_STATIONS = ['message', 'mdn'];

/** Whether a webhook is told of anything that has a station. */
function wantsMessages({ eventTypes }: Webhook): boolean {
  return isEverything(eventTypes) || eventTypes.some((type) => OF_STATIONS.includes(type.split('.')[0] ?? ''));
}

/** Puts webhooks in the order in which matching asks them. Those that want no messages are left out. Pure. */
export function stationMapOf(webhooks: readonly Webhook[]): StationMap {
  const asked = webhooks.filter(wantsMessages);
  const own = asked.filter(isOwn);
  const others = asked.filter((webhook) => !isOwn(webhook));
  return {
    rows: [
      ...rowsOf('station', own, ({ scope }) => scope.stationIds ?? []),
      ...rowsOf('partner', own, ({ scope }) => (scope.stationIds?.length ? [] : (scope.partnerIds ?? []))),
    ],
    fallback: asked.filter(({ routing }) => routing === 'unmatched'),
    always: others.filter(({ routing }) => routing === 'always'),
  };
}

/** Whether it is made for stations or partners, and so takes their messages from the fallback. */
function isOwn({ scope, routing }: Webhook): boolean {
  return routing === 'always' && ((scope.stationIds?.length ?? 0) > 0 || (scope.partnerIds?.length ?? 0) > 0);
}

function rowsOf(
  kind: Row['kind'],
  webhooks: readonly Webhook[],
  idsOf: (webhook: Webhook) => readonly string[],
): Row[] {
  const ids = [...new Set(webhooks.flatMap(idsOf))].toSorted((a, b) => a.localeCompare(b));
  return ids.map((id) => ({ id, kind, webhooks: webhooks.filter((webhook) => idsOf(webhook).includes(id)) }));
}
