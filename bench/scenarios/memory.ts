import type { Pace } from '../generator.ts';
import { sleep } from '../monotonic.ts';
import { rssBytes, watchRss } from '../process-usage.ts';
import { ANSWER_ALL, drain, inTurn, loadOn, runLoad, type Stage, WEBHOOKS, withSubject } from '../stage.ts';
import { medianOf } from '../statistics.ts';
import type { Subject } from '../subject.ts';

const MOST_RUNS = 3;
const IDLE_MS = 10_000;
const RATE_PER_SECOND = 500;

/** Resident set size of the whole server process, in MiB. */
interface MemoryRun {
  afterStartMb: number;
  /** After 10 s without a request. */
  idleMb: number;
  /** The most during 500 events a second, and during full load until its last delivery. */
  at500PerSecondMb: number;
  saturatedMb: number;
  /** 10 s after that last delivery. */
  idleAfterLoadMb: number;
}

/** How much memory a server takes in one life: started, left alone, at 500 events/s, under full load, left alone. */
export async function measureMemory(stage: Stage) {
  const rounds = Math.min(stage.extent.runs, MOST_RUNS);
  const runs = new Map(stage.extent.subjects.map((name) => [name, [] as MemoryRun[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of inTurn(round, stage.extent.subjects)) {
      const run = await withSubject(stage, name, { webhookCount: WEBHOOKS }, (subject) => measureLife(stage, subject));
      stage.note(`${name} memory ${round + 1}/${rounds}: idle ${run.idleMb} MB, at 500/s ${run.at500PerSecondMb} MB`);
      runs.get(name)?.push(run);
    }
  }
  return Object.fromEntries(
    [...runs].map(([name, itsRuns]) => [
      name,
      {
        afterStartMb: medianOf(itsRuns, (run) => run.afterStartMb, 0),
        idleMb: medianOf(itsRuns, (run) => run.idleMb, 0),
        at500PerSecondMb: medianOf(itsRuns, (run) => run.at500PerSecondMb, 0),
        saturatedMb: medianOf(itsRuns, (run) => run.saturatedMb, 0),
        idleAfterLoadMb: medianOf(itsRuns, (run) => run.idleAfterLoadMb, 0),
        runs: itsRuns,
      },
    ]),
  );
}

async function measureLife(stage: Stage, subject: Subject): Promise<MemoryRun> {
  const { seconds } = stage.extent;
  const afterStartMb = inMb(rssBytes(subject.pid));
  await sleep(IDLE_MS);
  const idleMb = inMb(rssBytes(subject.pid));
  const at500PerSecondMb = await mostDuring(stage, subject, {
    kind: 'steady',
    ratePerSecond: RATE_PER_SECOND,
    seconds,
  });
  const saturatedMb = await mostDuring(stage, subject, { kind: 'saturate', seconds });
  await sleep(IDLE_MS);
  return { afterStartMb, idleMb, at500PerSecondMb, saturatedMb, idleAfterLoadMb: inMb(rssBytes(subject.pid)) };
}

async function mostDuring(stage: Stage, subject: Subject, pace: Pace): Promise<number> {
  await stage.receiver.ask('reset', ANSWER_ALL);
  const memory = watchRss(subject.pid);
  await drain(stage, await runLoad(stage, loadOn(stage, subject, pace)));
  return inMb(memory.stop().maxBytes);
}

function inMb(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
