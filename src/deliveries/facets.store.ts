import { firstIdAt } from '../kernel/ids.ts';
import { indexed, type Param, type Range, type ReadTx } from '../store/index.ts';

/** What a list of deliveries is limited to. Null: not by that. */
export interface DeliveryFilter {
  webhookId: string | null;
  eventId: string | null;
  eventType: string | null;
  state: string | null;
  errorCode: string | null;
  /** The HTTP status of the latest attempt. */
  status: number | null;
  /** On `createdAt`, epoch milliseconds; from inclusive, to exclusive. */
  from: number | null;
  to: number | null;
}

/** The columns that the two indexes of facets have in common, in their order. */
const FACETS = ['webhook_number', 'state', 'last_status', 'error_code'] as const;
const NOT_IN_HAND = "d.state <> 'delivering'";
const IN_HAND = "d.state = 'delivering'";

type Condition = readonly [column: string, value: Param];

/** SQLite would rather read through all that the webhook has than seek by five columns: so it is told. */
const BY_FACETS = 'deliveries_by_facets';
const BY_TYPE_FACETS = 'deliveries_by_type_facets';
const IN_HAND_INDEX = 'deliveries_in_hand';

function rangeOf(conditions: readonly Condition[], ...literal: string[]): Range {
  const tests = conditions.map(([column, value]) => (value === null ? `d.${column} IS NULL` : `d.${column} = ?`));
  const where = [...literal, ...tests].join(' AND ');
  return { where: where === '' ? '1 = 1' : where, params: conditions.flatMap(([, v]) => (v === null ? [] : [v])) };
}

/** The different values of a column among rows of a range, by one seek each. Null comes first. */
async function valuesOf(tx: ReadTx, column: string, { where, params, index }: Range): Promise<Param[]> {
  const read = (more: string, ...values: Param[]) =>
    tx.get<{ value: Param }>(
      `SELECT d.${column} AS value FROM ${indexed('deliveries d', index)} WHERE ${where}${more} ORDER BY d.${column} NULLS FIRST LIMIT 1`,
      ...params,
      ...values,
    );
  const values: Param[] = [];
  let found = await read('');
  while (found !== undefined) {
    const { value } = found;
    values.push(value);
    found = await (value === null ? read(` AND d.${column} IS NOT NULL`) : read(` AND d.${column} > ?`, value));
  }
  return values;
}

/** Every combination of facets that some delivery of the filter has, as a range of an index in the order of numbers. */
export async function facetRanges(
  tx: ReadTx,
  type: readonly Condition[],
  wanted: readonly Condition[],
): Promise<Range[]> {
  const index = type.length === 0 ? BY_FACETS : BY_TYPE_FACETS;
  let prefixes: Condition[][] = [[...type]];
  for (const column of FACETS) {
    const fixed = wanted.find(([name]) => name === column);
    const longer: Condition[][] = [];
    for (const prefix of prefixes) {
      const values =
        fixed === undefined ? await valuesOf(tx, column, { ...rangeOf(prefix, NOT_IN_HAND), index }) : [fixed[1]];
      for (const value of values) longer.push([...prefix, [column, value]]);
    }
    prefixes = longer;
  }
  return prefixes.map((conditions) => ({ ...rangeOf(conditions, NOT_IN_HAND), index }));
}

/** What is in hand is in no index of facets: there is little of it, so it is read through, webhook by webhook. */
async function inHandRanges(tx: ReadTx, wanted: readonly Condition[]): Promise<Range[]> {
  const webhook = wanted.find(([column]) => column === 'webhook_number');
  const numbers =
    webhook === undefined
      ? await valuesOf(tx, 'webhook_number', { where: IN_HAND, params: [], index: IN_HAND_INDEX })
      : [webhook[1]];
  const others = wanted.filter(([column]) => column !== 'webhook_number' && column !== 'state');
  return numbers.map((number) => ({
    ...rangeOf([['webhook_number', number], ...others], IN_HAND),
    index: IN_HAND_INDEX,
  }));
}

async function rangesOf(tx: ReadTx, wanted: readonly Condition[]): Promise<Range[]> {
  const columns = wanted.map(([column]) => column).join();
  // These have an index of their own; nothing at all is the table itself. An event has few deliveries.
  if (columns === '' || columns === 'webhook_number' || columns.includes('event_sequence')) return [rangeOf(wanted)];
  const state = wanted.find(([column]) => column === 'state')?.[1];
  const type = wanted.filter(([column]) => column === 'event_type');
  return [
    ...(state === 'delivering' ? [] : await facetRanges(tx, type, wanted)),
    ...(state === undefined || state === 'delivering' ? await inHandRanges(tx, wanted) : []),
  ];
}

/** Numbers rise with the time of creation, so that an instant is a number: that of the first made then or later. */
async function numberAt(tx: ReadTx, ms: number): Promise<number> {
  const row = await tx.get<{ number: number }>(
    `SELECT number FROM deliveries WHERE id >= ? AND ${NO_TEST} ORDER BY id LIMIT 1`,
    firstIdAt('dlv', ms),
  );
  return row?.number ?? Number.MAX_SAFE_INTEGER;
}

/** The exception: a test has its id when it begins, and its number when it is over. */
const TEST = 'sequence IS NULL';
const NO_TEST = 'sequence IS NOT NULL';

async function madeBetween(
  tx: ReadTx,
  ranges: readonly Range[],
  wanted: readonly Condition[],
  { from, to }: { from: number; to: number },
): Promise<Range[]> {
  const numbers = { from: await numberAt(tx, from), below: await numberAt(tx, to) };
  const tests = rangeOf(wanted, `d.${TEST}`, 'd.created_at >= ?', 'd.created_at < ?');
  return [
    ...ranges.map((range) => ({ ...range, where: `${range.where} AND d.${NO_TEST}`, ...numbers })),
    { where: tests.where, params: [from, to, ...tests.params], index: 'deliveries_tested' },
  ];
}

/** The number of a webhook, or null when there never was one of that id. */
async function webhookNumber(tx: ReadTx, id: string): Promise<number | null> {
  return (await tx.get<{ number: number }>('SELECT number FROM webhooks WHERE id = ?', id))?.number ?? null;
}

async function eventSequence(tx: ReadTx, id: string): Promise<number | null> {
  return (await tx.get<{ sequence: number }>('SELECT sequence FROM events WHERE id = ?', id))?.sequence ?? null;
}

/** The columns that say whether a filter includes a delivery. */
export type FacetRow = Record<(typeof FACETS)[number] | 'event_type' | 'event_sequence' | 'created_at', Param>;

/** The deliveries that a filter includes, among `deliveries d`. */
export interface DeliveryScope {
  /** Where they lie, for `newestFirst`. */
  ranges: Range[];
  includes(row: FacetRow): boolean;
}

/**
 * Finds where the deliveries of a filter lie, whatever it combines. It takes a seek or two for each combination of
 * facets that there is, and none for each delivery.
 */
export async function scopeOf(tx: ReadTx, filter: DeliveryFilter): Promise<DeliveryScope> {
  const { webhookId, eventId, eventType, state, status, errorCode } = filter;
  const webhook = webhookId === null ? null : await webhookNumber(tx, webhookId);
  const event = eventId === null ? null : await eventSequence(tx, eventId);
  if ((webhookId !== null && webhook === null) || (eventId !== null && event === null)) {
    return { ranges: [], includes: () => false };
  }
  const all: readonly [keyof FacetRow, Param][] = [
    ['webhook_number', webhook],
    ['event_sequence', event],
    ['event_type', eventType],
    ['state', state],
    ['last_status', status],
    ['error_code', errorCode],
  ];
  const wanted = all.filter(([, value]) => value !== null);
  const ranges = await rangesOf(tx, wanted);
  const [from, to] = [filter.from ?? 0, filter.to ?? Number.MAX_SAFE_INTEGER];
  return {
    ranges: filter.from === null && filter.to === null ? ranges : await madeBetween(tx, ranges, wanted, { from, to }),
    includes: (row) =>
      wanted.every(([column, value]) => row[column] === value) &&
      (row.created_at as number) >= from &&
      (row.created_at as number) < to,
  };
}
