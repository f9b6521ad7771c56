import { BUSY, PAUSED, QUIET, type SeededLog } from '../delivery-log.ts';
import { monotonicUs } from '../monotonic.ts';
import { callApi, withSeededServer } from '../seeded-server.ts';
import type { Stage } from '../stage.ts';
import { type LatencySummary, summariseLatencies } from '../statistics.ts';
import type { Subject } from '../subject.ts';

const HOUR_MS = 3_600_000;

/** A question to the log, by what is in it: a path below `/api/v1`. */
type Questions = Record<string, string>;

/** Filters alone and together, those that find much and those that find nothing, and searches of all kinds. */
function questionsAbout({ webhookIds, ...log }: SeededLog, deliveries: number): Questions {
  const webhook = (number: number): string => `webhookId=${webhookIds.get(number)}`;
  const at = (hours: number): string => new Date(log.startedAtMs + hours * HOUR_MS).toISOString();
  const cursor = (list: string, number: number): string =>
    `cursor=${Buffer.from(`${list}:${number}`).toString('base64url')}`;
  const firstDay = `from=${at(0)}&to=${at(24)}`;
  const found: Questions = {
    all: '',
    'all, deep': cursor('deliveries', Math.floor(deliveries / 3)),
    'busy webhook': webhook(BUSY),
    'quiet webhook': webhook(QUIET),
    delivered: 'state=delivered',
    exhausted: 'state=exhausted',
    pending: 'state=pending',
    delivering: 'state=delivering',
    'busy, exhausted: none': `state=exhausted&${webhook(BUSY)}`,
    'busy, pending: none': `state=pending&${webhook(BUSY)}`,
    'paused, delivered: none': `state=delivered&${webhook(PAUSED)}`,
    'status 202': 'status=202',
    'status 200 and timeout: none': 'status=200&errorCode=timeout',
    timeout: 'errorCode=timeout',
    'busy, status 500: none': `status=500&${webhook(BUSY)}`,
    'common type': 'eventType=transfer.completed',
    'rare type': 'eventType=order.rare',
    'rare type, busy webhook: none': `eventType=order.rare&${webhook(BUSY)}`,
    'common type, busy webhook: none': `eventType=message.received&${webhook(BUSY)}`,
    'common type, exhausted: none': 'eventType=transfer.started&state=exhausted',
    'first day': firstDay,
    'first day, rare type': `${firstDay}&eventType=order.rare`,
    'first day, busy, timeout: none': `${firstDay}&${webhook(BUSY)}&errorCode=timeout`,
    'one event': `eventId=${log.eventId}`,
    'everything at once': `${webhook(5)}&eventType=transfer.failed&state=exhausted&errorCode=http_status&status=500&from=${at(0)}`,
    'q: nothing': 'q=nowhereinanything',
    'q: two words, never together': 'q=invoice+backup',
    'q: nearly everything': 'q=transfer',
    'q: beginning of a common word': 'q=bac',
    'q: one letter': 'q=d',
    'q: one transfer': 'q=quarterly+zebra',
    'q: one transfer, exhausted': 'q=zebra&state=exhausted',
    'q: common word, quiet webhook: none': `q=backup&${webhook(QUIET)}`,
    'q: common word, other webhook: none': `q=backup&${webhook(2)}`,
    'q: nothing, busy webhook': `q=nowhereinanything&${webhook(BUSY)}`,
    'q: one AS2 message': `q=${encodeURIComponent(log.as2MessageId)}`,
    'q: beginning of many message ids': 'q=20260000',
    'q: event id': `q=${log.eventId}`,
    'q: delivery id': `q=${log.deliveryId}`,
    'q: beginning of all ids': 'q=dlv_0',
    'q: why it failed': 'q=ECONNREFUSED',
    'q: why it failed, and where': 'q=refused+zebra',
    'q: a webhook': 'q=bench+7',
    'q: deep': `q=backup&${cursor('deliveries', Math.floor(deliveries / 3))}`,
    'q: signs and 300 words': `q=${encodeURIComponent('"* ( NEAR OR 🚀 ')}${'backup+zebra+'.repeat(150)}`,
  };
  const events: Questions = {
    'events: all': '',
    'events: common type': 'type=transfer.completed',
    'events: rare type': 'type=order.rare',
    'events: first day, rare type': `${firstDay}&type=order.rare`,
    'events: q nothing': 'q=nowhereinanything',
    'events: q nearly everything': 'q=transfer',
    'events: q one AS2 message': `q=${encodeURIComponent(log.as2MessageId)}`,
    'events: q common word, rare type: none': 'q=backup&type=order.rare',
    'events: q common word, other type: none': 'q=backup&type=message.received',
  };
  const under = (path: string, questions: Questions): [string, string][] =>
    Object.entries(questions).map(([name, query]) => [name, query === '' ? path : `${path}?${query}`]);
  return Object.fromEntries([...under('/deliveries', found), ...under('/events', events)]);
}

interface Answered extends LatencySummary {
  items: number;
  /** Whether the answer names a next page. */
  isMore: boolean;
}

/**
 * Asks a log of many deliveries for everything that its routes allow, one question after the other, while 500 events a
 * second are published and delivered. A latency is that of a page as its reader sees it.
 */
export function measureLog(stage: Stage) {
  return withSeededServer(stage, async ({ subject, log, deliveries, indexedMs, startLoad }) => {
    const ratePerSecond = await startLoad();
    const answers = await askAll(subject, questionsAbout(log, deliveries), stage.extent.runs * 4);
    const slowestP95Ms = Math.max(...Object.values(answers).map((answer) => answer.p95Ms ?? 0));
    return { deliveries, ratePerSecond, indexedMs, slowestP95Ms, answers };
  });
}

async function askAll(subject: Subject, questions: Questions, rounds: number): Promise<Record<string, Answered>> {
  const latenciesUs = new Map<string, number[]>();
  const last = new Map<string, { items: number; isMore: boolean }>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, path] of Object.entries(questions)) {
      const askedAtUs = monotonicUs();
      const answer = await ask(subject, path);
      latenciesUs.set(name, [...(latenciesUs.get(name) ?? []), monotonicUs() - askedAtUs]);
      last.set(name, answer);
    }
  }
  return Object.fromEntries(
    [...latenciesUs].map(([name, latencies]) => [
      name,
      { ...summariseLatencies(new Float64Array(latencies)), ...(last.get(name) as { items: number; isMore: boolean }) },
    ]),
  );
}

async function ask(subject: Subject, path: string): Promise<{ items: number; isMore: boolean }> {
  const { items, next } = await callApi<{ items: unknown[]; next: string | null }>(subject, 'GET', path);
  return { items: items.length, isMore: next !== null };
}
