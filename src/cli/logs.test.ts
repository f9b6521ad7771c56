import { expect, test } from 'vitest';
import { runCommand, standInApi } from './cli-stage.ts';

const line = {
  at: '2025-01-31T02:30:00.123Z',
  level: 'warn',
  message: 'delivery.attempted',
  deliveryId: 'dlv_1',
  status: 500,
  errorCode: null,
  errorMessage: 'two words\nand \u001b[2J',
};

test('logs shows a line for each, newest first, with the fields that go with it, and asks with every filter', async () => {
  await using api = await standInApi({ status: 200, body: { items: [line], next: 'c2' } });
  const argv = ['--level', 'warn', '--q', 'dlv_1', '--from', '2025-01-01T00:00:00Z', '--limit', '5', '--cursor', 'c1'];
  const { exitCode, stdout } = await runCommand(['logs', ...argv], { env: api.env });
  expect(exitCode).toBe(0);
  expect(api.calls[0]?.path).toBe('/api/v1/logs?level=warn&q=dlv_1&from=2025-01-01T00%3A00%3A00Z&limit=5&cursor=c1');
  expect(stdout).toBe(
    '2025-01-31T02:30:00.123Z  warn   delivery.attempted  deliveryId=dlv_1  status=500  ' +
      'errorMessage="two words\\nand \\u001b[2J"\n\nThere are more: add --cursor c2\n',
  );
});

test('logs says whether an empty page is the end', async () => {
  await using some = await standInApi({ status: 200, body: { items: [], next: 'c2' } });
  expect((await runCommand(['logs'], { env: some.env })).stdout).toBe(
    'No lines so far; the search has not come to its end.\n\nThere are more: add --cursor c2\n',
  );
  await using none = await standInApi({ status: 200, body: { items: [], next: null } });
  expect((await runCommand(['logs'], { env: none.env })).stdout).toBe('No lines.\n');
});

test('logs prints the answer as it came with --json, and refuses a level that there is not', async () => {
  const body = { items: [line], next: null };
  await using api = await standInApi({ status: 200, body });
  expect(JSON.parse((await runCommand(['logs', '--json'], { env: api.env })).stdout)).toEqual(body);
  expect((await runCommand(['logs', '--level', 'loud'], { env: api.env })).exitCode).toBe(2);
});
