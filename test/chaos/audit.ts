import type { Api, LoggedAttempt, LoggedDelivery } from './api.ts';
import type { Promised } from './publishers.ts';
import type { Arrival } from './recording-receiver.ts';

/** What the publishers were promised, what the receiver saw, and the server that must answer for both. */
export interface Evidence {
  api: Api;
  promised: readonly Promised[];
  arrivals: readonly Arrival[];
  /** The path of each webhook, by its id. All of them want every event. */
  webhookPaths: ReadonlyMap<string, string>;
  maxInFlight: number;
}

export interface Finding {
  events: number;
  deliveries: number;
  /** Attempts whose outcome a kill has swallowed. */
  unknownAttempts: number;
  /** Arrivals after one that had been accepted, by the life of the server whose end left that one unsettled. */
  duplicatesByLife: ReadonlyMap<number, number>;
  /** Each broken promise as a sentence. None is what it takes to pass. */
  violations: string[];
}

/**
 * Counts everything once the server has nothing left to do: no event lost or doubled, every delivery ended and
 * delivered, and the log, the receiver and the publishers telling one story.
 */
export async function audit(evidence: Evidence): Promise<Finding> {
  const violations: string[] = [];
  const events = await auditEvents(evidence, violations);
  const arrivals = Map.groupBy(evidence.arrivals, ({ deliveryId }) => deliveryId);
  const { deliveries, unknownAttempts } = await auditDeliveries(evidence, events, arrivals, violations);
  const duplicatesByLife = countDuplicates(arrivals);
  for (const [life, count] of duplicatesByLife) {
    if (count > evidence.maxInFlight)
      violations.push(`the end of life ${life} had ${count} sent again, of ${evidence.maxInFlight} in flight`);
  }
  return { events: events.size, deliveries, unknownAttempts, duplicatesByLife, violations };
}

/** The event log has no gap, every promised event once, and no event twice under two ids. Returns markers by event id. */
async function auditEvents({ api, promised }: Evidence, violations: string[]): Promise<Map<string, string>> {
  const markers = new Map<string, string>();
  const idByMarker = new Map<string, string>();
  let last = 0;
  for await (const { id, sequence, data } of api.events()) {
    if (sequence !== last + 1) violations.push(`events: ${sequence} follows ${last}`);
    last = sequence;
    const twin = idByMarker.get(data.marker);
    if (twin !== undefined) violations.push(`${data.marker} was published twice, as ${twin} and ${id}`);
    idByMarker.set(data.marker, id);
    markers.set(id, data.marker);
  }
  for (const { marker, eventId } of promised) {
    if (idByMarker.get(marker) !== eventId) {
      violations.push(
        `${marker} was acknowledged as ${eventId}, and the log has ${idByMarker.get(marker) ?? 'nothing'}`,
      );
    }
  }
  return markers;
}

async function auditDeliveries(
  { api, webhookPaths }: Evidence,
  events: ReadonlyMap<string, string>,
  arrivals: ReadonlyMap<string, Arrival[]>,
  violations: string[],
): Promise<{ deliveries: number; unknownAttempts: number }> {
  const owed = new Set(
    [...events.keys()].flatMap((eventId) => [...webhookPaths.keys()].map((id) => `${eventId} ${id}`)),
  );
  const sequences = new Map([...webhookPaths.keys()].map((id) => [id, [] as number[]]));
  const known = new Set<string>();
  let unknownAttempts = 0;
  for await (const delivery of api.deliveries()) {
    known.add(delivery.id);
    if (!owed.delete(`${delivery.eventId} ${delivery.webhookId}`)) violations.push(`${delivery.id} is owed to nobody`);
    if (delivery.state !== 'delivered') violations.push(`${delivery.id} is ${delivery.state}`);
    sequences.get(delivery.webhookId)?.push(delivery.sequence);
    const arrived = arrivals.get(delivery.id) ?? [];
    violations.push(...auditArrivals(delivery, arrived, webhookPaths, events.get(delivery.eventId)));
    // Where one attempt was enough, its arrival has told everything.
    const attempts = delivery.attemptCount > 1 ? await api.attempts(delivery.id) : null;
    violations.push(...auditAttempts(delivery, attempts, arrived));
    unknownAttempts += attempts?.filter(({ outcome }) => outcome === 'unknown').length ?? 0;
  }
  for (const missing of owed) violations.push(`no delivery for ${missing}`);
  for (const [webhookId, given] of sequences) {
    const sorted = given.toSorted((a, b) => a - b);
    const gap = sorted.findIndex((sequence, i) => sequence !== i + 1);
    if (gap >= 0) violations.push(`${webhookId}: sequence ${gap + 1} is ${sorted[gap]}`);
  }
  for (const [id, [first]] of arrivals) {
    if (!known.has(id)) violations.push(`${id} arrived at ${first?.path} and is not in the log`);
  }
  return { deliveries: known.size, unknownAttempts };
}

/** Every arrival of a delivery is the same request: same id, same bytes, same number, to the webhook's own URL. */
function auditArrivals(
  delivery: LoggedDelivery,
  arrived: readonly Arrival[],
  webhookPaths: ReadonlyMap<string, string>,
  marker: string | undefined,
): string[] {
  const violations: string[] = [];
  if (!arrived.some(({ status }) => status < 300)) violations.push(`${delivery.id} was never accepted by its receiver`);
  const bodies = new Set(arrived.map(({ bodyHash }) => bodyHash));
  if (bodies.size > 1) violations.push(`${delivery.id} arrived with ${bodies.size} different bodies`);
  for (const arrival of arrived) {
    const isRight =
      arrival.webhookId === delivery.eventId &&
      arrival.sequence === delivery.sequence &&
      arrival.path === webhookPaths.get(delivery.webhookId) &&
      arrival.marker === marker;
    if (!isRight) violations.push(`${delivery.id} is not what arrived: ${JSON.stringify(arrival)}`);
  }
  return violations;
}

/** The log tells of every arrival, and of nothing else but attempts whose outcome nobody knows. */
function auditAttempts(
  { id, attemptCount }: LoggedDelivery,
  attempts: readonly LoggedAttempt[] | null,
  arrived: readonly Arrival[],
): string[] {
  const violations: string[] = [];
  const arrivedNumbers = arrived.map(({ attempt }) => attempt).toSorted((a, b) => a - b);
  if (new Set(arrivedNumbers).size < arrivedNumbers.length) violations.push(`${id} arrived twice as the same attempt`);
  if (attempts === null) {
    if (arrivedNumbers.join() !== '1')
      violations.push(`${id} has one attempt, and arrived as ${arrivedNumbers.join()}`);
    return violations;
  }
  if (attempts.some(({ number }, i) => number !== i + 1) || attempts.length !== attemptCount) {
    violations.push(`${id} counts ${attemptCount} attempts and shows ${attempts.map(({ number }) => number).join()}`);
  }
  const statusByNumber = new Map(arrived.map(({ attempt, status }) => [attempt, status]));
  attempts.forEach(({ number, outcome, response }, i) => {
    const isLast = i === attempts.length - 1;
    if ((outcome === 'delivered') !== isLast)
      violations.push(`${id}: attempt ${number} of ${attemptCount} is ${outcome}`);
    if (outcome !== 'unknown' && response?.status !== statusByNumber.get(number)) {
      violations.push(
        `${id}: attempt ${number} is logged with ${response?.status}, answered with ${statusByNumber.get(number)}`,
      );
    }
  });
  if (arrivedNumbers.some((number) => number > attempts.length))
    violations.push(`${id} arrived as an attempt not logged`);
  return violations;
}

function countDuplicates(arrivals: ReadonlyMap<string, Arrival[]>): Map<number, number> {
  const byLife = new Map<number, number>();
  for (const arrived of arrivals.values()) {
    const accepted = arrived.filter(({ status }) => status < 300);
    // Every accepted one but the last was forgotten by the server that had sent it.
    for (const { life } of accepted.slice(0, -1)) byLife.set(life, (byLife.get(life) ?? 0) + 1);
  }
  return byLife;
}
