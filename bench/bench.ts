import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureBacklog } from './scenarios/backlog.ts';
import { measureFairness } from './scenarios/fairness.ts';
import { measureLatency } from './scenarios/latency.ts';
import { measureLog } from './scenarios/log.ts';
import { measureMemory } from './scenarios/memory.ts';
import { measurePages } from './scenarios/pages.ts';
import { measureRestart } from './scenarios/restart.ts';
import { measureStart } from './scenarios/start.ts';
import { measureThroughput } from './scenarios/throughput.ts';
import { type Extent, openStage, type Stage } from './stage.ts';
import { cleanUp } from './subject.ts';

const SCENARIOS = [
  'single',
  'batch',
  'template',
  'latency',
  'start',
  'restart',
  'fairness',
  'memory',
  'backlog',
  'log',
  'pages',
] as const;
const SUBJECTS = ['waybill', 'ceiling'] as const;
type Scenario = (typeof SCENARIOS)[number];

const FULL = {
  runs: '5',
  seconds: '10',
  'warm-up': '3',
  connections: '64',
  pending: '100000',
  backlog: '1000000',
  deliveries: '1000000',
};
const QUICK = {
  runs: '1',
  seconds: '2',
  'warm-up': '1',
  connections: '64',
  pending: '5000',
  backlog: '10000',
  deliveries: '20000',
};

const HELP = `Measures Waybill beside the ceiling of this machine. Prints one JSON object and keeps it in bench/results.

  --only LIST      some of ${SCENARIOS.join(',')} (default: all)
  --runs N         measurements of each kind, of which the median counts (${FULL.runs})
  --seconds N      length of one measurement (${FULL.seconds})
  --warm-up N      seconds of load before it (${FULL['warm-up']})
  --connections N  over which events are published (${FULL.connections})
  --pending N      deliveries due in the restart scenario, a multiple of 100 (${FULL.pending})
  --backlog N      deliveries owed to dead webhooks in the backlog scenario, a multiple of 1000 (${FULL.backlog})
  --deliveries N   that the log has, in the log and pages scenarios (${FULL.deliveries})
  --subjects LIST  some of ${SUBJECTS.join(',')} (default: both; ratios need both)
  --quick          one short run of each, to see that it works: says nothing of speed and is not kept
  --help           this text
`;

interface Choice {
  scenarios: readonly Scenario[];
  extent: Extent;
  isQuick: boolean;
}

/** Reads the command line. Null when help was asked for. Throws an error that names the option and what it takes. */
function readChoice(args: readonly string[]): Choice | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: text,
      subjects: text,
      runs: text,
      seconds: text,
      'warm-up': text,
      connections: text,
      pending: text,
      backlog: text,
      deliveries: text,
      quick: flag,
      help: flag,
    },
  });
  if (values.help) return null;
  const usual = values.quick ? QUICK : FULL;
  const number = (name: keyof typeof FULL): number => positiveInteger(name, values[name] ?? usual[name]);
  const pending = number('pending');
  if (pending % 100 !== 0) throw new Error(`--pending ${pending} is not a multiple of 100, the size of a batch.`);
  const backlog = number('backlog');
  if (backlog % 1000 !== 0)
    throw new Error(`--backlog ${backlog} is not a multiple of 1000: ten webhooks, batches of 100.`);
  return {
    scenarios: oneOrMoreOf('only', values.only, SCENARIOS),
    extent: {
      runs: number('runs'),
      seconds: number('seconds'),
      warmUpSeconds: number('warm-up'),
      connections: number('connections'),
      pending,
      backlog,
      deliveries: number('deliveries'),
      subjects: oneOrMoreOf('subjects', values.subjects, SUBJECTS),
    },
    isQuick: values.quick,
  };
}

function positiveInteger(name: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`--${name} takes a whole number from 1 on, not \`${text}\`.`);
  return Number(text);
}

function oneOrMoreOf<T extends string>(name: string, text: string | undefined, known: readonly T[]): readonly T[] {
  if (text === undefined) return known;
  const wanted = text.split(',');
  const unknown = wanted.find((word) => !known.some((one) => one === word));
  if (unknown !== undefined) throw new Error(`--${name} takes some of ${known.join(',')}, not \`${unknown}\`.`);
  return known.filter((one) => wanted.includes(one));
}

async function measureAll(stage: Stage, scenarios: readonly Scenario[]): Promise<Record<string, unknown>> {
  const wants = (scenario: Scenario): boolean => scenarios.includes(scenario);
  const measuresWaybill = stage.extent.subjects.includes('waybill');
  const results: Record<string, unknown> = {};
  if (wants('single') || wants('batch') || wants('template')) {
    const [single, batch, template] = [wants('single'), wants('batch'), wants('template')];
    results.throughput = await measureThroughput(stage, { single, batch, template });
  }
  if (wants('latency')) results.latency = await measureLatency(stage);
  if (wants('start')) results.start = await measureStart(stage);
  if (wants('restart') && measuresWaybill) results.restart = await measureRestart(stage);
  if (wants('fairness') && measuresWaybill) results.fairness = await measureFairness(stage);
  if (wants('backlog') && measuresWaybill) results.backlog = await measureBacklog(stage);
  if (wants('memory')) results.memory = await measureMemory(stage);
  if (wants('log') && measuresWaybill) results.log = await measureLog(stage);
  if (wants('pages') && measuresWaybill) results.pages = await measurePages(stage);
  return results;
}

/** Where and on what the figures were made. */
function describeMachine() {
  return {
    date: new Date().toISOString(),
    commit: currentCommit(),
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    /** Of the minute before the start: above some tenths, something else used the cores. */
    loadAverage: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** What a figure depends on. */
const MEASURED_FILES = ['src', 'bin', 'bench', 'web', 'package-lock.json', ':!bench/results'];

/** The commit's short name, with `-dirty` when the measured files differ from it; `none` outside a repository. */
function currentCommit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'pipe' })
      .toString()
      .trim();
  try {
    const commit = git('rev-parse', '--short', 'HEAD');
    return git('status', '--porcelain', '--', ...MEASURED_FILES) === '' ? commit : `${commit}-dirty`;
  } catch {
    return 'none';
  }
}

function keep(report: { machine: { date: string; commit: string } }, text: string): string {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  // The colons of the time are not allowed in file names everywhere.
  const name = `${report.machine.date.slice(0, 16).replace(':', '')}-${report.machine.commit}.json`;
  const path = fileURLToPath(new URL(name, folder));
  writeFileSync(path, text);
  return path;
}

async function main(): Promise<void> {
  const choice = readChoice(process.argv.slice(2));
  if (choice === null) {
    process.stdout.write(HELP);
    return;
  }
  if (process.platform !== 'linux') {
    throw new Error('The benchmark reads /proc and shares one clock between processes, so that it runs on Linux only.');
  }
  const machine = describeMachine();
  const stage = await openStage(choice.extent);
  try {
    const results = await measureAll(stage, choice.scenarios);
    const report = { machine, settings: choice.extent, ...results };
    const text = `${JSON.stringify(report, null, 2)}\n`;
    process.stdout.write(text);
    if (!choice.isQuick) stage.note(`Kept as ${keep(report, text)}`);
  } finally {
    await stage.close();
  }
}

process.on('exit', cleanUp);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
