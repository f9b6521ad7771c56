/**
 * Checks everything that can be checked without running Waybill: format and lint, types, import rules, unused code.
 * Prints a line for each with its time, and the output of those that failed. Exits with 1 when one did.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

interface Check {
  name: string;
  /** Arguments of `node`: a script and its own arguments. */
  args: string[];
}

interface Verdict {
  passed: boolean;
  output: string;
  elapsedMs: number;
}

const CHECKS: Check[] = [
  { name: 'format and lint', args: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'] },
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '-p', '.'] },
  { name: 'types of the pages', args: ['node_modules/typescript/bin/tsc', '-p', 'web'] },
  { name: 'imports', args: ['tools/check-imports.ts'] },
  { name: 'unused code', args: ['node_modules/knip/bin/knip.js', '--no-progress'] },
];

const verdicts = await Promise.all(CHECKS.map(judge));
if (verdicts.some((verdict) => !verdict.passed)) process.exitCode = 1;

async function judge({ name, args }: Check): Promise<Verdict> {
  const verdict = await run(args);
  const seconds = (verdict.elapsedMs / 1000).toFixed(1);
  console.log(`${verdict.passed ? 'ok    ' : 'FAILED'} ${name}, ${seconds} s`);
  if (!verdict.passed) console.log(verdict.output.trimEnd());
  return verdict;
}

async function run(args: string[]): Promise<Verdict> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const { promise: exitCode, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  const [code, stdout, stderr] = await Promise.all([exitCode, text(child.stdout), text(child.stderr)]);
  return { passed: code === 0, output: stdout + stderr, elapsedMs: performance.now() - startedAt };
}
