import { type DeliveryFilter, filterOf, readDeliverySearch } from './delivery-search.ts';

/** Filters of the list under a name. */
export interface View {
  name: string;
  filter: DeliveryFilter;
}

/** The views that are always there, by the key of their name. */
export const BUILT_IN_VIEWS = {
  everything: {},
  failing: { state: 'retrying' },
  failingLately: { state: 'retrying', range: '1h' },
  waiting: { state: 'pending' },
  exhausted: { state: 'exhausted' },
  exhaustedLately: { state: 'exhausted', range: '24h' },
} as const satisfies Record<string, DeliveryFilter>;

export type BuiltInView = keyof typeof BUILT_IN_VIEWS;

export const BUILT_IN_NAMES = Object.keys(BUILT_IN_VIEWS) as BuiltInView[];

/** The most views that a browser keeps. */
export const MOST_VIEWS = 30;

/** The most characters that a name has. */
export const LONGEST_NAME = 60;

/** Reads what a browser has kept. Whatever is no view is left out, so that text from elsewhere does no harm. */
export function readViews(text: string | null): View[] {
  const kept = parsed(text);
  if (!Array.isArray(kept)) return [];
  return kept
    .map(readView)
    .filter((view) => view !== null)
    .filter(({ name }, at, views) => views.findIndex((other) => other.name === name) === at)
    .slice(0, MOST_VIEWS);
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

function readView(kept: unknown): View | null {
  if (!(isObject(kept) && isObject(kept.filter)) || typeof kept.name !== 'string') return null;
  const name = nameOf(kept.name);
  return name === null ? null : { name, filter: filterOf(readDeliverySearch(kept.filter)) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What was typed, as a name; null where it is too long, or nothing that can be seen. */
export function nameOf(typed: string): string | null {
  const name = typed
    .normalize()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  const isSeen = /[^\p{C}\p{Z}\p{M}]/u.test(name);
  return isSeen && [...name].length <= LONGEST_NAME ? name : null;
}

/** With one more view, or another one under a name that is there; null where there is no room. */
export function withView(views: readonly View[], view: View): View[] | null {
  const at = views.findIndex(({ name }) => name === view.name);
  if (at !== -1) return views.with(at, view);
  return views.length < MOST_VIEWS ? [...views, view] : null;
}

/** Without the view of that name. */
export function withoutView(views: readonly View[], name: string): View[] {
  return views.filter((view) => view.name !== name);
}

/** The view that shows what this filter shows; null where there is none. */
export function viewOf(views: readonly View[], filter: DeliveryFilter): View | null {
  return views.find((view) => isSameFilter(view.filter, filter)) ?? null;
}

/** The same among those that are always there. */
export function builtInViewOf(filter: DeliveryFilter): BuiltInView | null {
  return BUILT_IN_NAMES.find((name) => isSameFilter(BUILT_IN_VIEWS[name], filter)) ?? null;
}

function isSameFilter(one: DeliveryFilter, other: DeliveryFilter): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)] as (keyof DeliveryFilter)[]);
  return [...names].every((name) => one[name] === other[name]);
}
