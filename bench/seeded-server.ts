import { systemRandom } from '../src/kernel/random.ts';
import { indexedEvents, LOG_WEBHOOKS, PAUSED, type SeededLog, seedLog } from './delivery-log.ts';
import { monotonicUs, sleep } from './monotonic.ts';
import { ANSWER_ALL, loadOn, runLoad, type Stage, WEBHOOKS } from './stage.ts';
import { makeFolder, removeFolder, type Subject, startSubject } from './subject.ts';
import { createWebhooks } from './webhooks.ts';

const RATE_PER_SECOND = 500;
/** Longer than what is measured beside it takes. */
const LOAD_SECONDS = 600;
const LOOK_AGAIN_MS = 500;

/** A server whose log has a million deliveries, or as many as the stage is asked for. */
export interface SeededServer {
  subject: Subject;
  log: SeededLog;
  deliveries: number;
  /** How long the server took to index them. */
  indexedMs: number;
  /** Begins to publish steadily, until the server ends. Returns how many a second, once that has gone on for a while. */
  startLoad(): Promise<number>;
}

/** Runs `measure` with such a server, which is killed afterwards, whatever happens. */
export async function withSeededServer<T>(stage: Stage, measure: (server: SeededServer) => Promise<T>): Promise<T> {
  const folder = makeFolder();
  const { deliveries } = stage.extent;
  try {
    await stage.receiver.ask('reset', ANSWER_ALL);
    const before = await startSubject('waybill', stage.receiverPort, folder);
    await createWebhooks(before, stage.receiverPort, LOG_WEBHOOKS);
    await pauseOne(before);
    await before.stop();
    stage.note(`the log: writing ${deliveries} deliveries`);
    const log = seedLog(folder, deliveries, systemRandom);
    const subject = await startSubject('waybill', stage.receiverPort, folder);
    try {
      const startedAtUs = monotonicUs();
      while (indexedEvents(folder) < deliveries) await sleep(LOOK_AGAIN_MS);
      const indexedMs = Math.round((monotonicUs() - startedAtUs) / 1_000);
      stage.note(`the log: indexed in ${indexedMs} ms`);
      return await measure({ subject, log, deliveries, indexedMs, startLoad: () => startLoad(stage, subject) });
    } finally {
      await subject.kill();
    }
  } finally {
    removeFolder(folder);
  }
}

/** Pauses the ninth webhook: what it is owed stays pending. The list has the newest first. */
async function pauseOne(subject: Subject): Promise<void> {
  const { items } = await callApi<{ items: { id: string }[] }>(subject, 'GET', '/webhooks');
  await callApi(subject, 'POST', `/webhooks/${items.at(-PAUSED)?.id}/pause`);
}

async function startLoad(stage: Stage, subject: Subject): Promise<number> {
  const pace = { kind: 'steady', ratePerSecond: RATE_PER_SECOND, seconds: LOAD_SECONDS } as const;
  // It ends with the server.
  void runLoad(stage, loadOn(stage, subject, pace, { webhookCount: WEBHOOKS, connections: 16 })).catch(() => null);
  await sleep(stage.extent.warmUpSeconds * 1_000);
  return RATE_PER_SECOND;
}

/** Calls the API of a server as an administrator. `path` is below `/api/v1`. Throws an error that shows a refusal. */
export async function callApi<T>(subject: Subject, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${subject.port}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${subject.apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}
