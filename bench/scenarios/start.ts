import { inTurn, type Stage } from '../stage.ts';
import { medianOf, rounded } from '../statistics.ts';
import { makeFolder, removeFolder, startSubject } from '../subject.ts';

interface StartRun {
  /** From the start of the process to the line that says it listens, on an empty folder and on the one this made. */
  firstMs: number;
  secondMs: number;
}

/** Start-up on an empty data folder, then, after a SIGTERM, on the same one. The ceiling keeps nothing between. */
export async function measureStart(stage: Stage) {
  const runs = new Map(stage.extent.subjects.map((name) => [name, [] as StartRun[]]));
  for (let round = 0; round < stage.extent.runs; round += 1) {
    for (const name of inTurn(round, stage.extent.subjects)) {
      const folder = makeFolder();
      const first = await startSubject(name, stage.receiverPort, folder);
      await first.stop();
      const second = await startSubject(name, stage.receiverPort, folder);
      await second.stop();
      removeFolder(folder);
      stage.note(`${name} start ${round + 1}/${stage.extent.runs}: ${first.startMs} ms, again ${second.startMs} ms`);
      runs.get(name)?.push({ firstMs: first.startMs, secondMs: second.startMs });
    }
  }
  return Object.fromEntries(
    [...runs].map(([name, itsRuns]) => [
      name,
      {
        firstMs: medianOf(itsRuns, (run) => run.firstMs, 0),
        secondMs: medianOf(itsRuns, (run) => run.secondMs, 0),
        runs: itsRuns.map(({ firstMs, secondMs }) => ({
          firstMs: rounded(firstMs, 0),
          secondMs: rounded(secondMs, 0),
        })),
      },
    ]),
  );
}
