import { expect, test } from 'vitest';
import { curlLine } from './curl-line.ts';

test('a shell reads the request out of the line as it was, whatever stands in it', () => {
  const headers = { 'x-a': "o'clock", 'x-empty': '', host: 'curl makes it' };
  const line = curlLine({ method: 'PUT', url: 'https://receiver.example/a[b]', headers, body: '@it\'s "$HOME"' });
  expect(line).toBe(
    String.raw`curl -i --globoff -X PUT -H 'x-a: o'\''clock' -H 'x-empty;' --data-raw '@it'\''s "$HOME"' 'https://receiver.example/a[b]'`,
  );
});
