import { transferId } from '../benchmark-event.ts';
import { monotonicUs, sleep } from '../monotonic.ts';
import { watchRss } from '../process-usage.ts';
import type { ReceiverScript } from '../receiver.ts';
import { ANSWER_ALL, loadOn, runLoad, type Stage, WEBHOOKS, warmUp } from '../stage.ts';
import { type LatencySummary, medianOf, ratio } from '../statistics.ts';
import { makeFolder, removeFolder, type Subject, startSubject } from '../subject.ts';
import { createWebhook, createWebhooks, webhookPath } from '../webhooks.ts';

const DEAD = 10;
/** The number of the transfer that all dead webhooks watch: each of its events is owed to every one of them. */
const DEAD_TRANSFER = WEBHOOKS + 1;
const DEAD_PATH = '/dead';
/** As long as a webhook may have, so that what is under way at first is under way throughout. */
const TIMEOUT_MS = 120_000;
const RATE_PER_SECOND = 500;
/** Left out of the figures at the start of each load. */
const SETTLING_SECONDS = 1;
const STRAGGLERS_MS = 2_000;
const LIVE_PATHS = Array.from({ length: WEBHOOKS }, (_, index) => webhookPath(index + 1));
const DEAD_HANG: ReceiverScript = { otherwise: 204, paths: { [DEAD_PATH]: 'hang' } };
const ALL_HANG: ReceiverScript = { otherwise: 'hang', paths: {} };

/** Of the live webhooks alone. */
interface LiveFigures {
  latency: LatencySummary;
  deliveredPerSecond: number;
  maxRssMb: number;
}

interface BacklogRun {
  without: LiveFigures;
  with: LiveFigures;
  /** After SIGKILL, from the start of the process to the first delivery to a live webhook. */
  firstDeliveryMs: number;
}

/**
 * What a buried backlog costs the others: after as many events as will make it, owed to nobody, eight live webhooks are
 * measured at a steady rate and under full load; then ten dead ones are owed `backlog` deliveries, all of them due, and
 * the live ones are measured again. Then the server is killed and started, with one delivery due to each live webhook.
 */
export async function measureBacklog(stage: Stage) {
  const runs: BacklogRun[] = [];
  for (let round = 0; round < stage.extent.runs; round += 1) {
    const run = await buryOnce(stage);
    const { latency, deliveredPerSecond, maxRssMb } = run.with;
    const figures = `p99 ${latency.p99Ms} ms (${run.without.latency.p99Ms}), ${deliveredPerSecond}/s (${run.without.deliveredPerSecond}), ${maxRssMb} MB (${run.without.maxRssMb})`;
    stage.note(`backlog ${round + 1}/${stage.extent.runs}: ${figures}, first delivery ${run.firstDeliveryMs} ms`);
    runs.push(run);
  }
  return {
    backlog: stage.extent.backlog,
    ratioP99: medianOf(runs, (run) => ratio(run.with.latency.p99Ms, run.without.latency.p99Ms)),
    ratioDelivered: medianOf(runs, (run) => ratio(run.with.deliveredPerSecond, run.without.deliveredPerSecond)),
    ratioMemory: medianOf(runs, (run) => ratio(run.with.maxRssMb, run.without.maxRssMb)),
    firstDeliveryMs: medianOf(runs, (run) => run.firstDeliveryMs, 0),
    runs,
  };
}

async function buryOnce(stage: Stage): Promise<BacklogRun> {
  const folder = makeFolder();
  try {
    await stage.receiver.ask('reset', ANSWER_ALL);
    const subject = await startSubject('waybill', stage.receiverPort, folder);
    await createWebhooks(subject, stage.receiverPort, WEBHOOKS);
    await warmUp(stage, subject, { next: DEAD_HANG });
    await publishToTransfer(stage, subject);
    const without = await measureLive(stage, subject);
    await bury(stage, subject);
    const buried = await measureLive(stage, subject);
    await leaveOneDueToEach(stage, subject);
    await subject.kill();
    return { without, with: buried, firstDeliveryMs: await measureStart(stage, folder) };
  } finally {
    removeFolder(folder);
  }
}

async function bury(stage: Stage, subject: Subject): Promise<void> {
  const url = `http://127.0.0.1:${stage.receiverPort}${DEAD_PATH}`;
  for (let count = 0; count < DEAD; count += 1) {
    await createWebhook(subject, {
      url,
      scope: { transferIds: [transferId(DEAD_TRANSFER)] },
      timeoutMs: TIMEOUT_MS,
    });
  }
  await publishToTransfer(stage, subject);
}

/** The events that the dead are owed. Before there are any, nobody is: what publishing costs is then in both figures. */
async function publishToTransfer(stage: Stage, subject: Subject): Promise<void> {
  const toTheDead = { batchSize: 100, connections: 8, firstWebhook: DEAD_TRANSFER, webhookCount: 1 };
  const pace = { kind: 'publish', events: stage.extent.backlog / DEAD } as const;
  await runLoad(stage, loadOn(stage, subject, pace, toTheDead));
}

async function measureLive(stage: Stage, subject: Subject): Promise<LiveFigures> {
  await stage.receiver.ask('reset', DEAD_HANG);
  const memory = watchRss(subject.pid);
  const latency = await measureLatency(stage, subject);
  const deliveredPerSecond = await measureRate(stage, subject);
  return { latency, deliveredPerSecond, maxRssMb: Math.round(memory.stop().maxBytes / 2 ** 20) };
}

async function measureLatency(stage: Stage, subject: Subject): Promise<LatencySummary> {
  const seconds = SETTLING_SECONDS + stage.extent.seconds;
  const outcome = await runLoad(
    stage,
    loadOn(stage, subject, { kind: 'steady', ratePerSecond: RATE_PER_SECOND, seconds }),
  );
  await sleep(STRAGGLERS_MS);
  const latency = await stage.receiver.ask('latencies', {
    sentFromUs: outcome.startedAtUs + SETTLING_SECONDS * 1_000_000,
    sentToUs: Number.MAX_SAFE_INTEGER,
    paths: LIVE_PATHS,
  });
  const expected = stage.extent.seconds * RATE_PER_SECOND;
  if (latency.count < expected * 0.995) {
    throw new Error(`Of ${expected} deliveries to live webhooks only ${latency.count} came: their p99 would flatter.`);
  }
  return latency;
}

async function measureRate(stage: Stage, subject: Subject): Promise<number> {
  const { seconds } = stage.extent;
  const load = loadOn(stage, subject, { kind: 'saturate', seconds: SETTLING_SECONDS + seconds + 1 });
  const [, arrived] = await Promise.all([runLoad(stage, load), arrivedInWindow(stage, seconds)]);
  await sleep(STRAGGLERS_MS);
  return Math.round(arrived / seconds);
}

async function arrivedInWindow(stage: Stage, seconds: number): Promise<number> {
  await sleep(SETTLING_SECONDS * 1_000);
  const fromUs = monotonicUs();
  await sleep(seconds * 1_000);
  return stage.receiver.ask('arrivalsBetween', { fromUs, toUs: fromUs + seconds * 1_000_000 });
}

/** Publishes one event to each live webhook while nobody answers. */
async function leaveOneDueToEach(stage: Stage, subject: Subject): Promise<void> {
  await stage.receiver.ask('reset', ALL_HANG);
  await runLoad(stage, loadOn(stage, subject, { kind: 'publish', events: WEBHOOKS }, { connections: 1 }));
}

async function measureStart(stage: Stage, folder: string): Promise<number> {
  await stage.receiver.ask('reset', DEAD_HANG);
  const subject = await startSubject('waybill', stage.receiverPort, folder);
  await sleep(STRAGGLERS_MS);
  const { firstArrivalAtUs, events } = await stage.receiver.ask('counts', {});
  await subject.kill();
  if (firstArrivalAtUs === null || events < WEBHOOKS) {
    throw new Error(`Of ${WEBHOOKS} deliveries due at the start only ${events} came.`);
  }
  return Math.round((firstArrivalAtUs - subject.spawnedAtUs) / 1_000);
}
