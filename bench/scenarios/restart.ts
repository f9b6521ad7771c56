import { monotonicUs } from '../monotonic.ts';
import { ANSWER_ALL, drain, loadOn, runLoad, type Stage, type Tally, WEBHOOKS } from '../stage.ts';
import { medianOf } from '../statistics.ts';
import { makeFolder, removeFolder, startSubject } from '../subject.ts';
import { createWebhooks } from '../webhooks.ts';

/** The longest that a webhook may have: no delivery fails, waits for a retry or trips a breaker before the kill. */
const TIMEOUT_MS = 120_000;
const BATCH = 100;
const PUBLISHERS = 8;

interface RestartRun extends Tally {
  publishMs: number;
  /** Requests that the receiver held unanswered when the server was killed. */
  inFlightAtKill: number;
  /** From the start of the process to the line that says it listens, to the first and to the last delivery. */
  listeningMs: number;
  firstDeliveryMs: number | null;
  allDeliveredMs: number | null;
}

/**
 * Kills a server that owes many deliveries and measures how soon the next one delivers. While the events are published
 * the receiver takes requests and never answers: what is in flight stays so, all else is due and has never been tried.
 * Then SIGKILL, the receiver answers again, and the server starts on the same folder. So every delivery is due at the
 * start: nothing has failed, nothing is paused, and no retry plan or breaker decides when the first one goes.
 */
export async function measureRestart(stage: Stage) {
  const runs: RestartRun[] = [];
  for (let round = 0; round < stage.extent.runs; round += 1) {
    const run = await restartOnce(stage);
    const { listeningMs, firstDeliveryMs, allDeliveredMs, lost, duplicates } = run;
    const times = `listening ${listeningMs} ms, first delivery ${firstDeliveryMs} ms, all ${allDeliveredMs} ms`;
    stage.note(`restart ${round + 1}/${stage.extent.runs}: ${times}, ${lost} lost, ${duplicates} duplicates`);
    runs.push(run);
  }
  return {
    pending: stage.extent.pending,
    listeningMs: medianOf(runs, (run) => run.listeningMs, 0),
    firstDeliveryMs: medianOf(runs, (run) => run.firstDeliveryMs, 0),
    allDeliveredMs: medianOf(runs, (run) => run.allDeliveredMs, 0),
    lost: runs.reduce((sum, run) => sum + run.lost, 0),
    duplicates: runs.reduce((sum, run) => sum + run.duplicates, 0),
    runs,
  };
}

async function restartOnce(stage: Stage): Promise<RestartRun> {
  const folder = makeFolder();
  try {
    await stage.receiver.ask('reset', { otherwise: 'hang', paths: {} });
    const before = await startSubject('waybill', stage.receiverPort, folder);
    await createWebhooks(before, stage.receiverPort, WEBHOOKS, { timeoutMs: TIMEOUT_MS });
    const pace = { kind: 'publish', events: stage.extent.pending } as const;
    const load = loadOn(stage, before, pace, { batchSize: BATCH, connections: PUBLISHERS });
    const publishedFromUs = monotonicUs();
    const outcome = await runLoad(stage, load);
    const publishMs = Math.round((monotonicUs() - publishedFromUs) / 1_000);
    const { unanswered } = await stage.receiver.ask('counts', {});
    await before.kill();

    await stage.receiver.ask('reset', ANSWER_ALL);
    const after = await startSubject('waybill', stage.receiverPort, folder);
    const tally = await drain(stage, outcome);
    const { firstArrivalAtUs, lastArrivalAtUs } = await stage.receiver.ask('counts', {});
    await after.kill();

    const sinceStartMs = (atUs: number | null): number | null =>
      atUs === null ? null : Math.round((atUs - after.spawnedAtUs) / 1_000);
    return {
      publishMs,
      inFlightAtKill: unanswered,
      listeningMs: Math.round(after.startMs),
      firstDeliveryMs: sinceStartMs(firstArrivalAtUs),
      allDeliveredMs: sinceStartMs(lastArrivalAtUs),
      ...tally,
    };
  } finally {
    removeFolder(folder);
  }
}
