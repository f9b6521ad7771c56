import { Drop } from 'liquidjs';
import { formatInstant } from '../kernel/instants.ts';
import { type Json, type JsonObject, ownMember } from '../kernel/json.ts';
import { defaultBody, type EventContent, gomftBody } from '../payloads/index.ts';
import { shortNamesOf, type TemplateEvent } from './variables.ts';

/** `{{ event }}` is GoMFT's word for what happened, and has the members that every event has. */
export class EventName extends Drop {
  readonly id: string;
  readonly type: string;
  readonly occurredAt: string;
  readonly #label: string;

  constructor(label: string, { id, type, occurredAt }: EventContent) {
    super();
    this.id = id;
    this.type = type;
    this.occurredAt = formatInstant(occurredAt);
    this.#label = label;
  }

  override valueOf(): string {
    return this.#label;
  }

  toJSON(): string {
    return this.#label;
  }
}

/**
 * What a template can name of one event, as far as `names` has it: it is made for each rendering, and most templates use
 * a few. Where two would have a name, the default body has it, then the short name, then the member of the event's own
 * data. Pure.
 */
export function scopeOf(of: TemplateEvent, names: Iterable<string>): Record<string, unknown> {
  const { event, webhook, instance } = of;
  const shortName = shortNamesOf(of);
  let gomft: JsonObject | null = null;
  let body: JsonObject | null = null;
  function gomftMember(name: string): Json {
    gomft ??= gomftBody(event, instance);
    return gomft[name] ?? null;
  }
  function find(name: string): unknown {
    switch (name) {
      case 'event':
        return new EventName(String(gomftMember('event')), event);
      case 'webhook':
        return { name: webhook.name };
      case 'data':
        return event.data;
    }
    body ??= defaultBody(event, 'both', instance);
    const value = ownMember(body, name) ?? shortName(name);
    if (value !== undefined) return value;
    return name === 'job' || name === 'instance' ? gomftMember(name) : ownMember(event.data, name);
  }
  const scope: Record<string, unknown> = Object.create(null);
  for (const name of names) scope[name] = find(name);
  return scope;
}
