import { EVENT_TYPES, type EventType } from '../events/index.ts';
import { isJsonObject, type Json, type JsonObject, ownMember } from '../kernel/json.ts';
import type { EventContent } from '../payloads/index.ts';
import { ALWAYS, GOMFT_NAMES, MFT_GATEWAY_NAMES, SHORT_NAMES, type Variable } from './variables.ts';

/** A name that a template uses and nothing has, and the one that was probably meant; null when none is near. */
export interface UnknownVariable {
  name: string;
  nearest: string | null;
}

/** The part of JSON Schema that the catalogue uses. */
interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}

/** A member of the data of events, and the types whose events have it. */
export interface MemberVariable extends Variable {
  types: string[];
}

/** Other names for what a value has: LiquidJS finds them where no member is called so. */
const PROPERTIES = new Set(['size', 'first', 'last']);

/**
 * The members of the data of the built-in types by path, each once, in the order of the catalogue. What is inside an
 * array is left out: a loop names it.
 */
export function memberVariables(): MemberVariable[] {
  const members = new Map<string, MemberVariable>();
  for (const entry of EVENT_TYPES.filter(({ reserved }) => !reserved)) {
    for (const { name, meaning } of membersOf(entry.data as Schema)) {
      const known = members.get(name) ?? { name, meaning, types: [] };
      known.types.push(entry.type);
      members.set(name, known);
    }
  }
  return [...members.values()];
}

function membersOf({ properties = {} }: Schema, prefix = ''): Variable[] {
  return Object.entries(properties).flatMap(([member, schema]) => {
    const name = `${prefix}${member}`;
    return [{ name, meaning: schema.description ?? '' }, ...membersOf(schema, `${name}.`)];
  });
}

/** Where a documented name comes from. */
export const VARIABLE_GROUPS = ['always', 'short', 'data', 'gomft', 'mft_gateway'] as const;

/** A documented name, where it comes from, and the built-in types that have it; null where any event may. */
export interface DocumentedVariable extends Variable {
  group: (typeof VARIABLE_GROUPS)[number];
  types: string[] | null;
}

/** Every documented name, in the order of the documentation. Pure. */
export function documentedVariables(): DocumentedVariable[] {
  const untyped = (group: DocumentedVariable['group'], variables: readonly Variable[]): DocumentedVariable[] =>
    variables.map(({ name, meaning }) => ({ name, meaning, group, types: null }));
  return [
    ...untyped('always', ALWAYS),
    ...untyped('short', SHORT_NAMES),
    ...memberVariables().map((member): DocumentedVariable => ({ ...member, group: 'data' })),
    ...untyped('gomft', GOMFT_NAMES),
    ...untyped('mft_gateway', MFT_GATEWAY_NAMES),
  ];
}

let names: ReadonlySet<string> | null = null;

/** Every name that templates may use, as it is documented. */
function knownNames(): ReadonlySet<string> {
  names ??= new Set(documentedVariables().map(({ name }) => name));
  return names;
}

/**
 * The names among `used` that nothing has: neither the documents nor one of the events that it was tried with. Members of
 * `data` are anybody's. Pure.
 */
export function unknownVariables(
  used: readonly (readonly string[])[],
  events: readonly Pick<EventContent, 'data'>[],
): UnknownVariable[] {
  const unknown = new Map<string, UnknownVariable>();
  for (const path of used) {
    const name = path.join('.');
    if (isKnown(path) || events.some(({ data }) => leadsSomewhere(data, path))) continue;
    unknown.set(name, { name, nearest: nearestTo(name) });
  }
  return [...unknown.values()];
}

function isKnown(path: readonly string[]): boolean {
  if (path[0] === 'data') return true;
  const name = path.join('.');
  if (knownNames().has(name) || hasMembers(name)) return true;
  const last = path.at(-1) as string;
  return path.length > 1 && PROPERTIES.has(last) && isKnown(path.slice(0, -1));
}

/** Whether the name is of an object whose members are known, such as `transfer`. */
function hasMembers(name: string): boolean {
  for (const known of knownNames()) if (known.startsWith(`${name}.`)) return true;
  return false;
}

function leadsSomewhere(data: JsonObject, path: readonly string[]): boolean {
  let value: Json | undefined = data;
  for (const name of path) {
    value = isJsonObject(value) ? ownMember(value, name) : undefined;
    if (value === undefined) return false;
  }
  return true;
}

/** The known name with the fewest letters to change, where those are few. */
function nearestTo(name: string): string | null {
  const most = Math.max(2, Math.floor(name.length / 3));
  let nearest: { name: string; distance: number } | null = null;
  for (const known of knownNames()) {
    const distance = Math.abs(known.length - name.length) > most ? most + 1 : distanceBetween(name, known);
    if (distance <= (nearest === null ? most : nearest.distance - 1)) nearest = { name: known, distance };
  }
  return nearest?.name ?? null;
}

/** Letters to insert, delete or replace (Levenshtein). Case and the sign between two words count for little. */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** The built-in types that an entry of `eventTypes` covers. */
function coveredBy(pattern: string): readonly EventType[] {
  const family = pattern.slice(0, -1);
  return EVENT_TYPES.filter(({ type }) =>
    pattern === '*' ? type !== 'webhook.test' : pattern.endsWith('*') ? type.startsWith(family) : type === pattern,
  );
}

const SAMPLE_ID = 'evt_01hac3m5xvf4k8d7y2q9t6w0bv';
/** When the examples of GoMFT's documents were sent. */
const SAMPLE_OCCURRED_AT = Date.UTC(2023, 8, 15, 14, 22, 33);

/** A sample of each type that a webhook with these `eventTypes` is sent; the `data` of an outside type is empty. Pure. */
export function samplesOf(eventTypes: readonly string[]): EventContent[] {
  const patterns = eventTypes.length === 0 ? ['*'] : eventTypes;
  const samples = new Map<string, EventContent>();
  for (const pattern of patterns) {
    const covered = coveredBy(pattern);
    for (const { type, sample } of covered) samples.set(type, sampleEvent(type, sample));
    if (covered.length === 0) {
      const type = pattern.replace(/\*$/, 'test');
      samples.set(type, sampleEvent(type, {}));
    }
  }
  return [...samples.values()];
}

function sampleEvent(type: string, data: JsonObject): EventContent {
  return { id: SAMPLE_ID, type, occurredAt: SAMPLE_OCCURRED_AT, data };
}
