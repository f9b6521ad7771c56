import { expect, test } from 'vitest';
import type { Call } from './group-commit.ts';
import { createOutbox } from './outbox.ts';

function call(number: number): Call {
  return { number, name: 'note', input: null, once: null };
}

const urgent = { weight: 1, isUrgent: true };

function numbersOf({ calls }: { calls: Call[] }): number[] {
  return calls.map(({ number }) => number);
}

test('urgent calls go first and all at once', () => {
  const outbox = createOutbox();
  outbox.add(call(1), { weight: 1, isUrgent: false });
  outbox.add(call(2), urgent);
  outbox.add(call(3), urgent);
  expect(numbersOf(outbox.takeGroup(false))).toEqual([2, 3, 1]);
  expect(outbox.length).toBe(0);
});

test('a group takes in as much new work as a commit should hold', () => {
  const outbox = createOutbox();
  for (let i = 1; i <= 5; i += 1) outbox.add(call(i), { weight: 100, isUrgent: false });
  expect(outbox.takeGroup(false)).toMatchObject({ weight: 200 });
  expect(numbersOf(outbox.takeGroup(false))).toEqual([3, 4]);
  expect(numbersOf(outbox.takeGroup(false))).toEqual([5]);
});

test('one call goes through, however heavy it is', () => {
  const outbox = createOutbox();
  outbox.add(call(1), { weight: 1_000, isUrgent: false });
  outbox.add(call(2), { weight: 1_000, isUrgent: false });
  expect(numbersOf(outbox.takeGroup(false))).toEqual([1]);
});

test('under pressure a flood of new work stands back for old work, but not for ever', () => {
  const outbox = createOutbox();
  for (let i = 1; i <= 4; i += 1) outbox.add(call(i), { weight: 100, isUrgent: false });
  const groups: number[][] = [];
  for (let i = 11; i <= 13; i += 1) {
    outbox.add(call(i), urgent);
    groups.push(numbersOf(outbox.takeGroup(true)));
  }
  expect(groups).toEqual([[11], [12], [13, 1, 2]]);
});

test('under pressure new work goes on where there is no old work to wait for, or little of the new', () => {
  const outbox = createOutbox();
  for (let i = 1; i <= 4; i += 1) outbox.add(call(i), { weight: 100, isUrgent: false });
  expect(numbersOf(outbox.takeGroup(true))).toEqual([1, 2]);
  outbox.add(call(11), urgent);
  expect(numbersOf(outbox.takeGroup(true))).toEqual([11, 3, 4]);
});
