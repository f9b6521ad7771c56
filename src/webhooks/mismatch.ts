import { formatInstant } from '../kernel/instants.ts';
import type { WebhookView } from './directory.ts';
import type { MatchEvent } from './matching.ts';
import type { Scope } from './webhook.ts';

/** Why an event was not owed to a webhook. */
export type Mismatch =
  | 'about_itself'
  | 'event_type'
  | 'scope'
  | 'created_later'
  | 'disabled'
  | 'routing'
  | 'changed_since'
  | 'deleted';

/** A mismatch as people read it. */
export interface MismatchWords {
  /** One or two sentences. */
  detail: string;
  /** The setting of the webhook that decided so, as a JSON pointer; null where none did. */
  pointer: string | null;
}

/** The lists of a scope, each with the id that it is compared with and what people call that. */
const SCOPES = [
  ['transferIds', 'transferId', 'transfer'],
  ['scheduleIds', 'scheduleId', 'schedule'],
  ['stationIds', 'stationId', 'station'],
  ['partnerIds', 'partnerId', 'partner'],
] as const satisfies readonly (readonly [keyof Scope, keyof MatchEvent, string])[];

/** How many entries of a list are named: beyond that, the form shows them better. */
const MOST_NAMED = 5;

/** Says in words why a webhook was not owed an event. Pure. */
export function explainMismatch(
  because: Mismatch,
  { record, config }: WebhookView,
  event: MatchEvent & { createdAt: number },
): MismatchWords {
  switch (because) {
    case 'about_itself':
      return words('The event is about this webhook, and no webhook is told of itself.');
    case 'event_type':
      return words(`It takes ${wantedTypes(config.eventTypes)}, and this is ${event.type}.`, '/eventTypes');
    case 'scope':
      return explainScope(config.scope, event);
    case 'created_later':
      return words(`It was made at ${formatInstant(record.createdAt)}, after the event.`);
    case 'disabled':
      return words('It is disabled, so it is owed nothing new.', '/enabled');
    case 'routing':
      return words(explainRouting(event), '/routing');
    case 'changed_since':
      return words('By its settings of today it would get the event. They were others then, or it was disabled.');
    case 'deleted':
      return words(`It would have got the event, and had been deleted before: ${deletedAt(record.deletedAt)}.`);
  }
}

function words(detail: string, pointer: string | null = null): MismatchWords {
  return { detail, pointer };
}

function wantedTypes(eventTypes: readonly string[]): string {
  return eventTypes.length === 0 || eventTypes.includes('*')
    ? 'every type but webhook.test'
    : named(eventTypes, ' and ');
}

/** The first list that the event is not in. */
function explainScope(scope: Scope, event: MatchEvent): MismatchWords {
  const isMissing = ([list, key]: (typeof SCOPES)[number]): boolean => {
    const id = event[key];
    return scope[list].length > 0 && (id === null || !scope[list].includes(id));
  };
  const [list, key, what] = SCOPES.find(isMissing) ?? SCOPES[0];
  const id = event[key];
  const has = id === null ? `the event names no ${what}` : `the event's is ${JSON.stringify(id)}`;
  const wanted = named(
    scope[list].map((each) => JSON.stringify(each)),
    ' or ',
  );
  return words(`It asks for the ${what} ${wanted}, and ${has}.`, `/scope/${list}`);
}

function explainRouting({ stationId, partnerId }: MatchEvent): string {
  const rule = 'It only gets what has a station or a partner and no webhook for stations or partners got.';
  return stationId === null && partnerId === null
    ? `${rule} This event has neither.`
    : `${rule} Another webhook got this event.`;
}

function deletedAt(at: number | null): string {
  return at === null ? 'nobody knows when' : `at ${formatInstant(at)}`;
}

function named(texts: readonly string[], last: ' and ' | ' or '): string {
  const shown = texts.slice(0, MOST_NAMED);
  if (texts.length > MOST_NAMED) return `${shown.join(', ')}${last}${texts.length - MOST_NAMED} more`;
  return [shown.slice(0, -1).join(', '), ...shown.slice(-1)].filter((part) => part !== '').join(last);
}
