import { cpuUs } from '../process-usage.ts';
import {
  ANSWER_ALL,
  drain,
  inTurn,
  loadOn,
  runLoad,
  type Stage,
  type Tally,
  WEBHOOKS,
  warmUp,
  withSubject,
} from '../stage.ts';
import { type LatencySummary, medianOf, ratio, rounded } from '../statistics.ts';
import type { Subject, SubjectName } from '../subject.ts';

const RATES_PER_SECOND = [200, 500, 2_000] as const;
/** Left out of the figures at the start of each load: its connections are opened, and a new rate sets in. */
const SETTLING_SECONDS = 1;

interface LatencyRun extends Tally {
  latency: LatencySummary;
  /** How late events left the generator. Part of their latency; the server's doing only if it held connections. */
  lateness: LatencySummary;
  cpuUsPerEvent: number | null;
}

/**
 * Publish to arrival at steady rates. Latency counts from the instant at which an event was due to be sent, to the
 * instant at which the receiver had read its delivery. In each round each server is started, warmed up under full load,
 * emptied, and then given one rate after the other.
 */
export async function measureLatency(stage: Stage) {
  const { runs: rounds, subjects } = stage.extent;
  const runs = new Map<string, LatencyRun[]>();
  const runsOf = (subject: SubjectName, rate: number): LatencyRun[] => {
    const key = `${subject} at ${rate}/s`;
    const found = runs.get(key) ?? [];
    runs.set(key, found);
    return found;
  };

  for (let round = 0; round < rounds; round += 1) {
    for (const name of inTurn(round, subjects)) {
      await withSubject(stage, name, { webhookCount: WEBHOOKS }, async (subject) => {
        await warmUp(stage, subject);
        for (const rate of RATES_PER_SECOND) {
          const run = await measureRate(stage, subject, rate);
          stage.note(
            `${name} at ${rate}/s ${round + 1}/${rounds}: p50 ${run.latency.p50Ms} ms, p99 ${run.latency.p99Ms} ms`,
          );
          runsOf(name, rate).push(run);
        }
      });
    }
  }

  return Object.fromEntries(
    RATES_PER_SECOND.map((rate) => {
      const waybill = runsOf('waybill', rate);
      const ceiling = runsOf('ceiling', rate);
      const ratios = waybill.map(({ latency }, round) => ratio(latency.p99Ms, ceiling[round]?.latency.p99Ms ?? null));
      return [
        `at${rate}PerSecond`,
        {
          waybill: summarise(waybill),
          ceiling: summarise(ceiling),
          ratioP99ToCeiling: medianOf(ratios, (value) => value),
        },
      ];
    }),
  );
}

function summarise(runs: readonly LatencyRun[]) {
  return {
    p50Ms: medianOf(runs, (run) => run.latency.p50Ms),
    p95Ms: medianOf(runs, (run) => run.latency.p95Ms),
    p99Ms: medianOf(runs, (run) => run.latency.p99Ms),
    cpuUsPerEvent: medianOf(runs, (run) => run.cpuUsPerEvent, 1),
    lost: runs.reduce((sum, run) => sum + run.lost, 0),
    duplicates: runs.reduce((sum, run) => sum + run.duplicates, 0),
    runs,
  };
}

async function measureRate(stage: Stage, subject: Subject, ratePerSecond: number): Promise<LatencyRun> {
  await stage.receiver.ask('reset', ANSWER_ALL);
  const cpuBeforeUs = cpuUs(subject.pid);
  const pace = { kind: 'steady', ratePerSecond, seconds: SETTLING_SECONDS + stage.extent.seconds } as const;
  const outcome = await runLoad(stage, loadOn(stage, subject, pace));
  const tally = await drain(stage, outcome);
  const cpuUsPerEvent = rounded(ratio(cpuUs(subject.pid) - cpuBeforeUs, outcome.acknowledged), 1);
  const latency = await stage.receiver.ask('latencies', {
    sentFromUs: outcome.startedAtUs + SETTLING_SECONDS * 1_000_000,
    sentToUs: Number.MAX_SAFE_INTEGER,
    paths: null,
  });
  return { latency, lateness: outcome.lateness, cpuUsPerEvent, ...tally };
}
