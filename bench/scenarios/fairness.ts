import { sleep } from '../monotonic.ts';
import type { ReceiverScript } from '../receiver.ts';
import { ANSWER_ALL, inTurn, loadOn, runLoad, type Stage, warmUp, withSubject } from '../stage.ts';
import { type LatencySummary, medianOf, ratio } from '../statistics.ts';
import { webhookPath } from '../webhooks.ts';

const WEBHOOKS = 10;
const HEALTHY = 8;
const RATE_PER_SECOND = 500;
/** Left out of the figures, while the sick webhooks take up all that they can. */
const SETTLING_SECONDS = 1;
/** How long after the load a healthy webhook's delivery may still come and count. */
const STRAGGLERS_MS = 2_000;

/** The last two webhooks: one whose requests are taken and never answered, one that is answered 500. */
const TWO_SICK: ReceiverScript = { otherwise: 204, paths: { [webhookPath(9)]: 'hang', [webhookPath(10)]: 500 } };
const HEALTHY_PATHS = Array.from({ length: HEALTHY }, (_, index) => webhookPath(index + 1));

const CASES = [
  { key: 'allHealthy', script: ANSWER_ALL },
  { key: 'twoSick', script: TWO_SICK },
] as const;

/**
 * What a hung and a failing webhook cost the others: the same rate, spread evenly over ten webhooks, once with all of
 * them healthy and once with two of them sick. Both figures are of the same eight webhooks.
 */
export async function measureFairness(stage: Stage) {
  const runs = { allHealthy: [] as LatencySummary[], twoSick: [] as LatencySummary[] };
  for (let round = 0; round < stage.extent.runs; round += 1) {
    for (const { key, script } of inTurn(round, CASES)) {
      const latency = await measureHealthyWebhooks(stage, script);
      stage.note(`fairness ${key} ${round + 1}/${stage.extent.runs}: p50 ${latency.p50Ms} ms, p99 ${latency.p99Ms} ms`);
      runs[key].push(latency);
    }
  }
  const ratios = runs.twoSick.map(({ p99Ms }, round) => ratio(p99Ms, runs.allHealthy[round]?.p99Ms ?? null));
  return {
    ratePerSecond: RATE_PER_SECOND,
    allHealthy: summarise(runs.allHealthy),
    twoSick: summarise(runs.twoSick),
    ratioP99: medianOf(ratios, (value) => value),
  };
}

function summarise(runs: readonly LatencySummary[]) {
  return {
    p50Ms: medianOf(runs, (run) => run.p50Ms),
    p95Ms: medianOf(runs, (run) => run.p95Ms),
    p99Ms: medianOf(runs, (run) => run.p99Ms),
    runs,
  };
}

function measureHealthyWebhooks(stage: Stage, script: ReceiverScript): Promise<LatencySummary> {
  const { seconds } = stage.extent;
  return withSubject(stage, 'waybill', { webhookCount: WEBHOOKS }, async (subject) => {
    await warmUp(stage, subject, { webhookCount: WEBHOOKS, next: script });
    const pace = { kind: 'steady', ratePerSecond: RATE_PER_SECOND, seconds: SETTLING_SECONDS + seconds } as const;
    const outcome = await runLoad(stage, loadOn(stage, subject, pace, { webhookCount: WEBHOOKS }));
    await sleep(STRAGGLERS_MS);
    const latency = await stage.receiver.ask('latencies', {
      sentFromUs: outcome.startedAtUs + SETTLING_SECONDS * 1_000_000,
      sentToUs: Number.MAX_SAFE_INTEGER,
      paths: HEALTHY_PATHS,
    });
    const expected = (seconds * RATE_PER_SECOND * HEALTHY) / WEBHOOKS;
    if (latency.count < expected * 0.995) {
      throw new Error(
        `Of ${expected} deliveries to healthy webhooks only ${latency.count} came: their p99 would flatter.`,
      );
    }
    return latency;
  });
}
