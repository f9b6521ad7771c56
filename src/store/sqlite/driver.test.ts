import { expect, test } from 'vitest';
import { connect } from './driver.ts';

const EXECUTIONS = 500;

test('a statement with a limit stays compiled from one execution to the next', () => {
  const database = connect(':memory:');
  database.exec('CREATE TABLE things (number INTEGER PRIMARY KEY, name TEXT, kind TEXT)');
  const numbers = Array.from({ length: EXECUTIONS }, (_, i) => i);
  // Long, so that compiling it costs many times what running it does.
  const columns = numbers.slice(0, 60).map((i) => `name || kind || '${i}' AS name_${i}`);
  const select = `SELECT ${columns} FROM things WHERE number > ? ORDER BY number`;

  const took = (sqlOf: (i: number) => string) => {
    const startedAt = performance.now();
    for (const i of numbers) database.all(sqlOf(i), [i, 10]);
    return performance.now() - startedAt;
  };
  const compiledOnce = took(() => `${select} LIMIT ?`);
  const compiledEachTime = took((i) => `${select} LIMIT ? /* ${i} */`);

  expect(compiledOnce).toBeLessThan(compiledEachTime / 5);
  database.close();
});
