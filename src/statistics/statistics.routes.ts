import { readBacklog, type WaitingOfWebhook } from '../deliveries/index.ts';
import { type Api, Instant, nullable, strictObject } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Refusal } from '../kernel/errors.ts';
import { formatInstant, formatInstantOrNull, parseInstant } from '../kernel/instants.ts';
import { Type } from '../kernel/type.ts';
import type { Store } from '../store/index.ts';
import type { Webhook, WebhookDirectory } from '../webhooks/index.ts';
import { ALL_WEBHOOKS } from './figures.store.ts';
import { addFigures, type Figures, HOUR_MS, noFigures } from './figures.ts';
import { type Histogram, percentileOf } from './histogram.ts';
import { readFigures } from './statistics.store.ts';

interface Dependencies {
  store: Store;
  directory: WebhookDirectory;
  clock: Clock;
}

/** How long a bucket is, how far back one looks who says nothing, and how many of them fit into an answer. */
const BUCKETS = {
  hour: { hours: 1, usually: 24, most: 31 * 24 },
  day: { hours: 24, usually: 30, most: 400 },
} as const;
type BucketName = keyof typeof BUCKETS;

const Percentiles = Type.Object({
  p50: nullable(Type.Integer({ description: 'Null where there was nothing to measure. Off by a tenth at most.' })),
  p95: nullable(Type.Integer()),
});

const FiguresSchema = Type.Object({
  attempts: Type.Object({ succeeded: Type.Integer(), failed: Type.Integer(), unknown: Type.Integer() }),
  deliveries: Type.Object(
    { delivered: Type.Integer(), exhausted: Type.Integer(), cancelled: Type.Integer() },
    { description: 'Those that have ended.' },
  ),
  failures: Type.Array(Type.Object({ errorCode: Type.String(), count: Type.Integer() }), {
    description: 'Attempts that failed, by error code, the most frequent first.',
  }),
  latencyMs: Type.Unsafe<ReturnType<typeof percentilesOf>>({
    ...Percentiles,
    description: 'From an event being published, or its replay made, to its having been delivered.',
  }),
  durationMs: Type.Unsafe<ReturnType<typeof percentilesOf>>({ ...Percentiles, description: 'Of attempts.' }),
});

const InstantQuery = Type.Optional(Type.String({ format: 'date-time' }));
const tags = ['Statistics'];

/** Figures for screens. They are kept by the hour, so an answer costs the same whatever lies in the log. */
export function statisticsRoutes(api: Api, { store, directory, clock }: Dependencies): void {
  api.get(
    '/api/v1/statistics',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Read what the log comes to, in all and by hour or day',
        description:
          'Attempts are counted some time after they were made, a second as a rule; connection tests are not counted. Hours and days are those of UTC. Without a webhook: all of them, deleted ones too.',
        tags,
        querystring: strictObject({
          from: InstantQuery,
          to: InstantQuery,
          bucket: Type.Optional(Type.Enum(['hour', 'day'], { description: '`hour` where it is left out.' })),
          webhookId: Type.Optional(Type.String()),
        }),
        response: {
          200: Type.Object({
            from: Instant,
            to: Instant,
            bucket: Type.Enum(['hour', 'day']),
            isBehind: Type.Boolean({ description: 'Whether there are attempts that have not been counted yet.' }),
            totals: FiguresSchema,
            series: Type.Array(Type.Intersect([Type.Object({ at: Instant }), FiguresSchema]), {
              description: 'One item for each bucket, also where nothing happened; `at` is when it begins.',
            }),
          }),
        },
      },
    },
    async ({ query }) => {
      const bucket = query.bucket ?? 'hour';
      const range = rangeOf(query, bucket, clock.now());
      const webhookNumber = query.webhookId === undefined ? ALL_WEBHOOKS : numberOf(query.webhookId);
      const { buckets, isBehind } = await store.read(readFigures, { webhookNumber, ...range });
      const totals = noFigures();
      for (const { figures } of buckets) addFigures(totals, figures);
      const found = new Map(buckets.map(({ hour, figures }) => [hour, figures]));
      return {
        from: formatInstant(range.from * HOUR_MS),
        to: formatInstant(range.to * HOUR_MS),
        bucket,
        isBehind,
        totals: presentFigures(totals),
        series: hoursOf(range).map((hour) => ({
          at: formatInstant(hour * HOUR_MS),
          ...presentFigures(found.get(hour) ?? noFigures()),
        })),
      };
    },
  );

  api.get(
    '/api/v1/statistics/backlog',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Count what is owed and has not been delivered yet',
        tags,
        response: {
          200: Type.Object({
            pending: Type.Integer({ description: 'Not tried yet.' }),
            retrying: Type.Integer({ description: 'Tried, and to be tried again.' }),
            delivering: Type.Integer({ description: 'In hand.' }),
            held: Type.Object(
              {
                disabled: Type.Integer(),
                paused: Type.Integer(),
                breakerOpen: Type.Integer({ description: 'The receiver fails again and again.' }),
                retryAfter: Type.Integer({ description: 'The receiver has asked to be left alone for a while.' }),
              },
              { description: 'How many of `pending` and `retrying` wait because of their webhook, and why.' },
            ),
            oldestAt: nullable({ ...Instant, description: 'When the oldest of them was made.' }),
          }),
        },
      },
    },
    async () => {
      const { waiting, delivering } = await store.read(readBacklog, null);
      const byNumber = new Map(directory.list().map((webhook) => [webhook.record.number, webhook]));
      return { ...sumOf(waiting, byNumber, clock.now()), delivering };
    },
  );

  /** That of a webhook that there is not has no figures. */
  function numberOf(webhookId: string): number {
    return directory.get(webhookId)?.record.number ?? -1;
  }
}

interface HourRange {
  /** Hours since 1970; `to` is exclusive. Both are the beginning of a bucket. */
  from: number;
  to: number;
  bucketHours: number;
}

/** Whole buckets around what was asked for. Refuses (400) an end before its beginning, and too many. */
function rangeOf(query: { from?: string; to?: string }, bucket: BucketName, now: number): HourRange {
  const { hours, usually, most } = BUCKETS[bucket];
  const bucketMs = hours * HOUR_MS;
  const toMs = query.to === undefined ? now : (parseInstant(query.to) ?? now);
  const endOf = Math.ceil(toMs / bucketMs);
  const fromMs = query.from === undefined ? null : parseInstant(query.from);
  const startOf = fromMs === null ? endOf - usually : Math.floor(fromMs / bucketMs);
  if (startOf >= endOf) throw badRange('The range ends before it begins.');
  if (endOf - startOf > most) throw badRange(`This is more than ${most} buckets of one ${bucket}.`);
  return { from: startOf * hours, to: endOf * hours, bucketHours: hours };
}

function badRange(detail: string): Refusal {
  return new Refusal('validation_failed', detail, { errors: [{ pointer: '?from', detail }] });
}

/** The first hour of each bucket. */
function hoursOf({ from, to, bucketHours }: HourRange): number[] {
  return Array.from({ length: (to - from) / bucketHours }, (_, at) => from + at * bucketHours);
}

function percentilesOf(histogram: Histogram): { p50: number | null; p95: number | null } {
  return { p50: percentileOf(histogram, 0.5), p95: percentileOf(histogram, 0.95) };
}

function presentFigures({ failures, latencies, durations, ...counts }: Figures) {
  const { succeeded, failed, unknown, delivered, exhausted, cancelled } = counts;
  return {
    attempts: { succeeded, failed, unknown },
    deliveries: { delivered, exhausted, cancelled },
    failures: Object.entries(failures)
      .map(([errorCode, count]) => ({ errorCode, count }))
      .sort((a, b) => b.count - a.count),
    latencyMs: percentilesOf(latencies),
    durationMs: percentilesOf(durations),
  };
}

type Hold = 'disabled' | 'paused' | 'breakerOpen' | 'retryAfter';

/** Why nothing is sent to a webhook, the weightiest reason first; null when it is sent to. */
function holdOf({ state, record }: Webhook, now: number): Hold | null {
  if (state !== 'active') return state;
  if (record.breaker !== null) return 'breakerOpen';
  return record.holdUntil !== null && record.holdUntil > now ? 'retryAfter' : null;
}

function sumOf(waiting: readonly WaitingOfWebhook[], webhooks: ReadonlyMap<number, Webhook>, now: number) {
  const held: Record<Hold, number> = { disabled: 0, paused: 0, breakerOpen: 0, retryAfter: 0 };
  let [pending, retrying] = [0, 0];
  let oldest: number | null = null;
  for (const each of waiting) {
    pending += each.pending;
    retrying += each.retrying;
    oldest = Math.min(each.oldestAt, oldest ?? each.oldestAt);
    const webhook = webhooks.get(each.webhookNumber);
    const hold = webhook === undefined ? null : holdOf(webhook, now);
    if (hold !== null) held[hold] += each.pending + each.retrying;
  }
  return { pending, retrying, held, oldestAt: formatInstantOrNull(oldest) };
}
