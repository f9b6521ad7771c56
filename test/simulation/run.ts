/**
 * Runs the delivery core through simulated worlds: `npm run simulate -- --seed 17` one of them, with everything that
 * happens in it; `--seeds 10000 --from 1` many, of which only those are told that break an invariant. Exits with 1 when
 * one did.
 */
import { parseArgs } from 'node:util';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
  },
});

if (values.seed === undefined) await runMany(Number(values.from), Number(values.seeds));
else await runOne(Number(values.seed));

async function runOne(seed: number): Promise<void> {
  const run = await simulate(seed);
  for (const line of run.lines) console.log(line);
  console.log({ ...run.counts, steps: run.steps, hash: run.hash });
  if (run.violation !== null) fail(run.story);
}

async function runMany(from: number, count: number): Promise<void> {
  const startedAt = performance.now();
  const totals = { events: 0, deliveries: 0, attempts: 0, unknown: 0, lives: 0, steps: 0 };
  let failed = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const { violation, story, counts, steps } = await simulate(seed);
    for (const [name, value] of Object.entries({ ...counts, steps })) totals[name as keyof typeof totals] += value;
    if (violation === null) continue;
    failed += 1;
    fail(`${story}\n`);
  }
  const { user, system } = process.cpuUsage();
  const msPerSeed = Math.round((performance.now() - startedAt) / count);
  console.log({ seeds: count, failed, ...totals, msPerSeed, cpuMsPerSeed: Math.round((user + system) / 1000 / count) });
}

function fail(story: string): void {
  console.log(story);
  process.exitCode = 1;
}
