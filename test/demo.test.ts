import { expect, test } from 'vitest';
import { runWaybill } from './harness/command.ts';
import { makeDataDir } from './harness/server.ts';

test('the demo delivers a sample event to its own receiver, prints the request as it arrived, and ends', async () => {
  const { exitCode, stdout, stderr } = await runWaybill(['demo', '--exit'], { cwd: makeDataDir() });
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  for (const line of ['POST /inbox/demo', 'x-waybill-event: transfer.completed', 'signature: valid', 'answered: 200']) {
    expect(stdout.split('\n')).toContain(line);
  }
  expect(stdout).toMatch(/^webhook-signature: v1,/m);
  expect(stdout).toContain('"event_type": "transfer_completed"');
});
