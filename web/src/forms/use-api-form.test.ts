import { expect, test } from 'vitest';
import { sortFaults } from './use-api-form.ts';

const values = { name: '', retry: { delaysMs: [1, 2] }, headers: { 'a/b': '' } };

test('a fault is put at the field that its pointer names', () => {
  const faults = [
    { pointer: '/name', detail: 'one' },
    { pointer: '/retry/delaysMs/1', detail: 'two' },
    { pointer: '/headers/a~1b', detail: 'three' },
  ];
  expect(sortFaults(faults, values)).toEqual([
    [
      ['name', 'one'],
      ['retry.delaysMs.1', 'two'],
      ['headers.a/b', 'three'],
    ],
    [],
  ]);
});

test.each(['', '?limit', '/elsewhere', '/retry/delaysMs/2', '/name/length'])(
  'a fault at %j, which has no field, is kept for the form as a whole',
  (pointer) => {
    const fault = { pointer, detail: 'wrong' };
    expect(sortFaults([fault], values)).toEqual([[], [fault]]);
  },
);
