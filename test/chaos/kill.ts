/**
 * Kills a server fifty times under load and counts what became of every event. Prints the figures and exits with 1 when
 * a promise was broken. `npm run chaos -- --kills 5 --seed 7` does less, and the same again.
 */
import { parseArgs } from 'node:util';
import { runKills } from './kill-run.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    'max-in-flight': { type: 'string', default: '64' },
  },
});
// A signal must not leave a server behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const seed = Number(values.seed);
const report = await runKills({
  kills: Number(values.kills),
  seed,
  maxInFlight: Number(values['max-in-flight']),
  note: (text) => process.stderr.write(`${text}\n`),
});

const { violations, duplicatesByLife, elapsedMs, ...counts } = report;
const duplicates = [...duplicatesByLife.values()];
console.log({
  seed,
  ...counts,
  duplicates: duplicates.reduce((sum, count) => sum + count, 0),
  mostDuplicatesAfterOneKill: Math.max(0, ...duplicates),
  elapsedSeconds: Math.round(elapsedMs / 1000),
  violations: violations.length,
});
for (const violation of violations.slice(0, 50)) console.log(violation);
process.exitCode = violations.length === 0 ? 0 : 1;
