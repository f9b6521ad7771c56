import { systemRandom } from '../../src/kernel/random.ts';
import { BUSY, indexedEvents, LOG_WEBHOOKS, PAUSED, QUIET, type SeededLog, seedLog } from '../delivery-log.ts';
import { monotonicUs, sleep } from '../monotonic.ts';
import { ANSWER_ALL, loadOn, runLoad, type Stage, WEBHOOKS } from '../stage.ts';
import { type LatencySummary, summariseLatencies } from '../statistics.ts';
import { makeFolder, removeFolder, type Subject, startSubject } from '../subject.ts';
import { createWebhooks } from '../webhooks.ts';

const RATE_PER_SECOND = 500;
const LOOK_AGAIN_MS = 500;
const HOUR_MS = 3_600_000;
/** Longer than the questions of one measurement take. */
const LOAD_SECONDS = 600;

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
export async function measureLog(stage: Stage) {
  const folder = makeFolder();
  const { deliveries, runs } = stage.extent;
  try {
    await stage.receiver.ask('reset', ANSWER_ALL);
    const before = await startSubject('waybill', stage.receiverPort, folder);
    await createWebhooks(before, stage.receiverPort, LOG_WEBHOOKS);
    await pauseOne(before);
    await before.stop();
    stage.note(`log: writing ${deliveries} deliveries`);
    const log = seedLog(folder, deliveries, systemRandom);

    const subject = await startSubject('waybill', stage.receiverPort, folder);
    try {
      const startedAtUs = monotonicUs();
      while (indexedEvents(folder) < deliveries) await sleep(LOOK_AGAIN_MS);
      const indexedMs = Math.round((monotonicUs() - startedAtUs) / 1_000);
      stage.note(`log: indexed in ${indexedMs} ms`);
      const questions = questionsAbout(log, deliveries);
      const answers = await askUnderLoad(stage, subject, questions, runs * 4);
      const slowest = Math.max(...Object.values(answers).map((answer) => answer.p95Ms ?? 0));
      return { deliveries, ratePerSecond: RATE_PER_SECOND, indexedMs, slowestP95Ms: slowest, answers };
    } finally {
      await subject.kill();
    }
  } finally {
    removeFolder(folder);
  }
}

/** Pauses the ninth webhook: what it is owed stays pending. The list has the newest first. */
async function pauseOne(subject: Subject): Promise<void> {
  const { items } = await call<{ items: { id: string }[] }>(subject, 'GET', '/webhooks');
  await call(subject, 'POST', `/webhooks/${items.at(-PAUSED)?.id}/pause`);
}

async function askUnderLoad(
  stage: Stage,
  subject: Subject,
  questions: Questions,
  rounds: number,
): Promise<Record<string, Answered>> {
  const pace = { kind: 'steady', ratePerSecond: RATE_PER_SECOND, seconds: LOAD_SECONDS } as const;
  // The load outlasts the questions; it ends with the server.
  void runLoad(stage, loadOn(stage, subject, pace, { webhookCount: WEBHOOKS, connections: 16 })).catch(() => null);
  await sleep(stage.extent.warmUpSeconds * 1_000);
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
  const { items, next } = await call<{ items: unknown[]; next: string | null }>(subject, 'GET', path);
  return { items: items.length, isMore: next !== null };
}

async function call<T>(subject: Subject, method: string, path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${subject.port}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${subject.apiKey}` },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}
