import type { LoadOutcome } from '../generator.ts';
import { monotonicUs, sleep } from '../monotonic.ts';
import { cpuUs, watchRss } from '../process-usage.ts';
import { drain, inTurn, loadOn, runLoad, type Stage, type Tally, WEBHOOKS, withSubject } from '../stage.ts';
import { medianOf, ratio, rounded } from '../statistics.ts';
import type { Subject, SubjectName } from '../subject.ts';

interface ThroughputRun extends Tally {
  /** Events whose delivery arrived in the window, a second. */
  deliveredPerSecond: number;
  /** Events answered with 202 in the window, a second. What exceeds the deliveries waits in the server. */
  acceptedPerSecond: number;
  /** The same from the window's start until the last delivery, when the server has taken its time for what waited. */
  deliveredPerSecondUntilDrained: number;
  /** CPU time of the server from the window's start until the last delivery, for each delivery in that time. */
  cpuUsPerEvent: number | null;
  /** CPU time of the server in the window for each second of it: how many cores it kept busy. */
  busyCores: number;
  maxRssMb: number;
}

interface Variant {
  key: 'ceilingSingle' | 'waybillSingle' | 'waybillBatch100' | 'waybillTemplate';
  subject: SubjectName;
  batchSize: number;
  /** Of its webhooks, beside the built-in ones. */
  settings?: Record<string, unknown>;
}

/** GoMFT's example, and what the receiver knows an event by. */
const SIMPLE_TEMPLATE = `{
  "alert": {
    "type": "{{event_type}}",
    "system": "GoMFT",
    "environment": "{{environment}}",
    "details": {
      "transfer_name": "{{transfer_name}}",
      "status": "{{status}}",
      "time": "{{timestamp}}",
      "size_mb": "{{total_size_mb}}"
    }{% if status == "failed" %},
    "error": "{{error_message}}"{% endif %}
  },
  "benchSentAt":"{{transfer.benchSentAt}}",
  "benchNumber":"{{transfer.benchNumber}}"
}`;

const CEILING: Variant = { key: 'ceilingSingle', subject: 'ceiling', batchSize: 1 };
const SINGLE: Variant = { key: 'waybillSingle', subject: 'waybill', batchSize: 1 };
const BATCH: Variant = { key: 'waybillBatch100', subject: 'waybill', batchSize: 100 };
const TEMPLATE: Variant = {
  key: 'waybillTemplate',
  subject: 'waybill',
  batchSize: 1,
  settings: { payload: { format: 'template', template: SIMPLE_TEMPLATE } },
};

/**
 * Sustained deliveries a second with every connection busy. Each run has a server of its own on an empty folder; the
 * variants of a round follow each other, so that a ratio compares neighbours in time. Ratios are to the ceiling
 * with single events, of templates to the default body with single events, and are medians of the rounds' ratios.
 */
export async function measureThroughput(stage: Stage, wanted: { single: boolean; batch: boolean; template: boolean }) {
  const chosen = [
    CEILING,
    ...(wanted.single || wanted.template ? [SINGLE] : []),
    ...(wanted.batch ? [BATCH] : []),
    ...(wanted.template ? [TEMPLATE] : []),
  ];
  const variants = chosen.filter(({ subject }) => stage.extent.subjects.includes(subject));
  const runs = new Map<Variant['key'], ThroughputRun[]>(variants.map(({ key }) => [key, []]));
  for (let round = 0; round < stage.extent.runs; round += 1) {
    for (const { key, subject, batchSize, settings } of inTurn(round, variants)) {
      const run = await withSubject(stage, subject, { webhookCount: WEBHOOKS, settings }, (server) =>
        saturate(stage, server, batchSize),
      );
      const figures = `${run.deliveredPerSecond} delivered/s, ${run.cpuUsPerEvent} µs/event`;
      stage.note(`${key} ${round + 1}/${stage.extent.runs}: ${figures}`);
      runs.get(key)?.push(run);
    }
  }
  return {
    ...Object.fromEntries([...runs].map(([key, itsRuns]) => [key, summarise(itsRuns)])),
    ratioSingleToCeiling: ratioOf(runs, SINGLE, CEILING),
    ratioBatch100ToCeiling: ratioOf(runs, BATCH, CEILING),
    ratioTemplateToSingle: ratioOf(runs, TEMPLATE, SINGLE),
  };
}

function summarise(runs: readonly ThroughputRun[]) {
  return {
    deliveredPerSecond: medianOf(runs, (run) => run.deliveredPerSecond, 0),
    deliveredPerSecondUntilDrained: medianOf(runs, (run) => run.deliveredPerSecondUntilDrained, 0),
    acceptedPerSecond: medianOf(runs, (run) => run.acceptedPerSecond, 0),
    cpuUsPerEvent: medianOf(runs, (run) => run.cpuUsPerEvent, 1),
    maxRssMb: medianOf(runs, (run) => run.maxRssMb, 0),
    lost: runs.reduce((sum, run) => sum + run.lost, 0),
    duplicates: runs.reduce((sum, run) => sum + run.duplicates, 0),
    runs,
  };
}

function ratioOf(runs: ReadonlyMap<Variant['key'], readonly ThroughputRun[]>, a: Variant, b: Variant): number | null {
  const others = runs.get(b.key) ?? [];
  const ratios = (runs.get(a.key) ?? []).map((run, round) =>
    ratio(run.deliveredPerSecond, others[round]?.deliveredPerSecond ?? null),
  );
  return medianOf(ratios, (value) => value);
}

async function saturate(stage: Stage, subject: Subject, batchSize: number): Promise<ThroughputRun> {
  const { warmUpSeconds, seconds } = stage.extent;
  const memory = watchRss(subject.pid);
  // A second more than the window needs, which the opening of the connections may take.
  const pace = { kind: 'saturate', seconds: warmUpSeconds + seconds + 1 } as const;
  const [outcome, window] = await Promise.all([
    runLoad(stage, loadOn(stage, subject, pace, { batchSize })),
    observeWindow(stage, subject),
  ]);
  const tally = await drain(stage, outcome);
  warnOfRefusals(stage, outcome);

  const toTheEnd = { fromUs: window.fromUs, toUs: Number.MAX_SAFE_INTEGER };
  const arrivedInAll = await stage.receiver.ask('arrivalsBetween', toTheEnd);
  const { lastArrivalAtUs } = await stage.receiver.ask('counts', {});
  const arrived = await stage.receiver.ask('arrivalsBetween', window);
  return {
    deliveredPerSecond: Math.round(arrived / window.seconds),
    deliveredPerSecondUntilDrained: Math.round(arrivedInAll / (((lastArrivalAtUs ?? 0) - window.fromUs) / 1_000_000)),
    acceptedPerSecond: Math.round(window.acceptedPerSecond),
    cpuUsPerEvent: rounded(ratio(cpuUs(subject.pid) - window.cpuAtStartUs, arrivedInAll), 1),
    busyCores: Number(window.busyCores.toFixed(2)),
    maxRssMb: Math.round(memory.stop().maxBytes / 2 ** 20),
    ...tally,
  };
}

async function observeWindow(stage: Stage, subject: Subject) {
  await sleep(stage.extent.warmUpSeconds * 1_000);
  const before = await stage.generator.ask('progress', {});
  const cpuAtStartUs = cpuUs(subject.pid);
  const fromUs = monotonicUs();
  await sleep(stage.extent.seconds * 1_000);
  const toUs = monotonicUs();
  const cpuInWindowUs = cpuUs(subject.pid) - cpuAtStartUs;
  const after = await stage.generator.ask('progress', {});
  return {
    fromUs,
    toUs,
    seconds: (toUs - fromUs) / 1_000_000,
    cpuAtStartUs,
    busyCores: cpuInWindowUs / (toUs - fromUs),
    acceptedPerSecond: (after.acknowledged - before.acknowledged) / ((after.atUs - before.atUs) / 1_000_000),
  };
}

function warnOfRefusals(stage: Stage, { unacknowledged, sent, firstRefusal }: LoadOutcome): void {
  if (unacknowledged.length === 0) return;
  stage.note(`${unacknowledged.length} of ${sent} events were not acknowledged. The first answer: ${firstRefusal}`);
}
