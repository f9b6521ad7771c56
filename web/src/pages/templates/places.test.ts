import { expect, test } from 'vitest';
import { placesOf } from './places.ts';

test.each([
  ['{{ status }}', [3]],
  ['status {{ x_status }} {{ status.size }} {{status}}', [25, 42]],
  ['{% if status == "failed" %}{{ data.status }}{% endif %}', [6]],
  ['{{ status', []],
  ['{ "status": {} }', []],
])('a name is found where it stands in braces by itself: %s', (template, starts) => {
  expect(placesOf('status', template).map(({ from }) => from)).toEqual(starts);
});

test('a template of nothing but open braces is looked through in no time', () => {
  expect(placesOf('a', '{{'.repeat(131_072))).toEqual([]);
  expect(placesOf('a', `${'{ '.repeat(131_072)}{{ a }}`)).toHaveLength(1);
});
