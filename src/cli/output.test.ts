import { expect, test } from 'vitest';
import { fieldLines, printable, readableBody, shortInstant, tableLines } from './output.ts';

interface Row {
  id: string;
  name: string;
}

const columns = [
  { heading: 'ID', cell: (row: Row) => row.id },
  { heading: 'NAME', cell: (row: Row) => row.name, flexible: true },
];

test('a table aligns its columns and ends no line with spaces', () => {
  const rows = [
    { id: 'a', name: 'first' },
    { id: 'long', name: '' },
  ];
  expect(tableLines(rows, columns, 'none')).toEqual(['ID    NAME', 'a     first', 'long']);
});

test('a table without rows says so', () => {
  expect(tableLines([], columns, 'Nothing here.')).toEqual(['Nothing here.']);
});

test('a table fits 100 columns by cutting flexible columns, never an id', () => {
  const id = 'dlv_'.padEnd(60, '0');
  const lines = tableLines([{ id, name: 'n'.repeat(200) }], columns, 'none');
  expect(Math.max(...lines.map((line) => line.length))).toBe(100);
  expect(lines[1]).toBe(`${id}  ${'n'.repeat(37)}…`);
});

test('a cell cannot break its line or steer the terminal', () => {
  const [, line] = tableLines([{ id: 'x', name: 'a\nb\u001b[2J' }], columns, 'none');
  expect(line).toBe('x   a b\\u001b[2J');
});

test('what a stranger sent is shown without its control characters, and keeps its line ends and its letters', () => {
  expect(printable('ok\r\n\tünï 👍\u0007\u009b\u202egnp')).toBe('ok\n\tünï 👍\\u0007\\u009b\\u202egnp');
});

test('a JSON body is indented, any other body is shown as it is', () => {
  expect(readableBody('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(readableBody('a=1&b=2')).toBe('a=1&b=2');
});

test('the values of fields are aligned, also over several lines', () => {
  expect(
    fieldLines([
      ['a', '1'],
      ['name', 'x\ny'],
    ]),
  ).toEqual(['a     1', 'name  x', '      y']);
});

test('an instant is shortened to whole seconds', () => {
  expect(shortInstant('2025-01-31T02:30:00.123Z')).toBe('2025-01-31 02:30:00');
  expect(shortInstant('2025-01-31T02:30:00Z')).toBe('2025-01-31 02:30:00');
});
