import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule, TestRunEndReason } from 'vitest/node';

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Prints `N passed, N failed` (and `, N skipped` when there are any) as the very last line, after whatever other
 * reporters, vitest itself and the tests have to say. Of each failure it tells at once why: vitest does so at the end,
 * which a run that is broken off does not reach.
 */
export default class TallyReporter implements Reporter {
  #tally: Tally = { passed: 0, failed: 1, skipped: 0 };

  onInit(): void {
    process.once('exit', () => process.stdout.write(`${lineOf(this.#tally)}\n`));
  }

  onTestCaseResult(test: TestCase): void {
    const { errors = [] } = test.result();
    for (const { message, stack } of errors) {
      process.stdout.write(`FAILED ${test.fullName}: ${message}\n${stack ?? ''}\n`);
    }
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[], reason: TestRunEndReason): void {
    this.#tally = tallyOf(modules, unhandled.length);
    // A run can end red without a red test: no test file was found, or someone interrupted it.
    if (reason !== 'passed' && this.#tally.failed === 0) this.#tally.failed = 1;
  }
}

/** Counts the tests. A failure outside a test (a file that does not load, a hook, an unhandled error) counts as one. */
function tallyOf(modules: readonly TestModule[], unhandledCount: number): Tally {
  const tally: Tally = { passed: 0, failed: unhandledCount, skipped: 0 };
  for (const module of modules) {
    const scopes = [module, ...module.children.allSuites()];
    tally.failed += scopes.filter((scope) => scope.errors().length > 0).length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed' || state === 'skipped') tally[state] += 1;
      else tally.failed += 1;
    }
  }
  return tally;
}

function lineOf({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
