import { type Api, Instant, nullable, PageQuery, pageOf, pageRequest, strictObject } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { formatInstant, formatInstantOrNull } from '../kernel/instants.ts';
import { pageOfList } from '../kernel/pages.ts';
import { Type } from '../kernel/type.ts';
import type { Store } from '../store/index.ts';
import type { Webhook, WebhookDirectory } from '../webhooks/index.ts';
import { HOUR_MS, hourOf } from './figures.ts';
import { failingWebhooks, type HealthRow, type HourOfHealth, readHealth } from './statistics.store.ts';

interface Dependencies {
  store: Store;
  directory: WebhookDirectory;
  clock: Clock;
}

/** How far the hours go back. */
const HOURS = 24;
/** So many failed attempts in a row are more than bad luck. */
const FAILING_FROM = 3;

const HealthSchema = Type.Object({
  webhookId: Type.String(),
  name: Type.String(),
  state: Type.Enum(['active', 'paused', 'disabled']),
  trouble: nullable(
    Type.Enum(['breaker_open', 'gone', 'failing'], {
      description: `\`breaker_open\`: left alone but for probes; \`gone\`: paused since its receiver answered 410; \`failing\`: ${FAILING_FROM} failed attempts in a row or more.`,
    }),
  ),
  breaker: nullable(Type.Object({ openedAt: Instant, failedProbes: Type.Integer(), nextProbeAt: Instant })),
  lastAttempt: nullable(
    Type.Object({
      at: Instant,
      outcome: Type.Enum(['delivered', 'failed', 'unknown']),
      status: nullable(Type.Integer()),
      errorCode: nullable(Type.String()),
    }),
  ),
  lastDeliveredAt: nullable(Instant),
  consecutiveFailures: Type.Integer(),
  successRate: nullable(
    Type.Number({ description: 'The share of attempts that were delivered, of those in `hours`; null without any.' }),
  ),
  hours: Type.Array(Type.Object({ at: Instant, delivered: Type.Integer(), failed: Type.Integer() }), {
    description: 'Attempts of the last 24 hours, this one included, the oldest first.',
  }),
});

/** `GET /webhooks/health`: a page of webhooks costs two statements, however many there are. */
export function healthRoutes(api: Api, { store, directory, clock }: Dependencies): void {
  api.get(
    '/api/v1/webhooks/health',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List how webhooks fare, in the order of their list',
        description: 'Attempts are counted some time after they were made, a second as a rule.',
        tags: ['Webhooks'],
        querystring: strictObject({
          ...PageQuery,
          trouble: Type.Optional(Type.Literal('any', { description: 'Only webhooks that are in trouble.' })),
        }),
        response: { 200: pageOf(HealthSchema) },
      },
    },
    async ({ query }) => {
      const page = pageRequest('webhook-health', query);
      const listed = query.trouble === undefined ? directory.list() : await troubled();
      const { items, next } = pageOfList(listed, page, ({ record }) => record.id);
      return { items: await healthOf(items), next };
    },
  );

  async function troubled(): Promise<Webhook[]> {
    const failing = new Set(await store.read(failingWebhooks, { least: FAILING_FROM }));
    const failures = ({ record }: Webhook): number => (failing.has(record.number) ? FAILING_FROM : 0);
    return directory.list().filter((webhook) => troubleOf(webhook, failures(webhook)) !== null);
  }

  async function healthOf(webhooks: readonly Webhook[]) {
    if (webhooks.length === 0) return [];
    const thisHour = hourOf(clock.now());
    const webhookNumbers = webhooks.map(({ record }) => record.number);
    const { health, hours } = await store.read(readHealth, { webhookNumbers, fromHour: thisHour - HOURS + 1 });
    const healthByNumber = new Map(health.map((row) => [row.webhookNumber, row]));
    const hoursByNumber = Map.groupBy(hours, ({ webhookNumber }) => webhookNumber);
    return webhooks.map((webhook) => {
      const { number } = webhook.record;
      const recent = hoursUpTo(thisHour, hoursByNumber.get(number) ?? []);
      return present(webhook, healthByNumber.get(number) ?? null, recent);
    });
  }
}

type Trouble = 'breaker_open' | 'gone' | 'failing';

function troubleOf({ record, state }: Webhook, consecutiveFailures: number): Trouble | null {
  if (state === 'disabled') return null;
  if (record.pauseReason === 'gone') return 'gone';
  if (record.breaker !== null) return 'breaker_open';
  return consecutiveFailures >= FAILING_FROM ? 'failing' : null;
}

interface Hour {
  at: string;
  delivered: number;
  failed: number;
}

/** Each of the last hours, also those in which nothing happened. */
function hoursUpTo(last: number, found: readonly HourOfHealth[]): Hour[] {
  const byHour = new Map(found.map((row) => [row.hour, row]));
  return Array.from({ length: HOURS }, (_, at) => {
    const hour = last - HOURS + 1 + at;
    const { succeeded = 0, failed = 0 } = byHour.get(hour) ?? {};
    return { at: formatInstant(hour * HOUR_MS), delivered: succeeded, failed };
  });
}

function present(webhook: Webhook, health: HealthRow | null, hours: Hour[]) {
  const { record, state } = webhook;
  const { breaker } = record;
  const delivered = hours.reduce((sum, hour) => sum + hour.delivered, 0);
  const all = hours.reduce((sum, hour) => sum + hour.delivered + hour.failed, 0);
  const consecutiveFailures = health?.consecutiveFailures ?? 0;
  return {
    webhookId: record.id,
    name: record.name,
    state,
    trouble: troubleOf(webhook, consecutiveFailures),
    breaker: breaker && {
      openedAt: formatInstant(breaker.openedAt),
      failedProbes: breaker.probes,
      nextProbeAt: formatInstant(breaker.probeAt),
    },
    lastAttempt: health && {
      at: formatInstant(health.attemptedAt),
      outcome: health.outcome,
      status: health.status,
      errorCode: health.errorCode,
    },
    lastDeliveredAt: formatInstantOrNull(health?.deliveredAt ?? null),
    consecutiveFailures,
    successRate: all === 0 ? null : delivered / all,
    hours,
  };
}
