import { expect, onTestFinished, test } from 'vitest';
import { startChild } from './child.ts';
import type { Receiver } from './receiver.ts';

function startReceiverProcess() {
  const child = startChild<Receiver>(new URL('receiver.ts', import.meta.url));
  onTestFinished(() => child.stop());
  return child;
}

test('a child answers each question with what its command returned', async () => {
  const child = startReceiverProcess();
  const [port, counts] = await Promise.all([child.ask('listen', {}), child.ask('counts', {})]);
  expect(port).toBeGreaterThan(0);
  expect(counts.arrivals).toBe(0);
});

test('an error in a command reaches the one who asked, and the child goes on', async () => {
  const child = startReceiverProcess();
  const broken = child.ask('tally', null as never);
  await expect(broken).rejects.toThrow('TypeError');
  expect(await child.ask('tally', { firstNumber: 0, count: 2, except: [] })).toEqual({ lost: 2, duplicates: 0 });
});

test('a question to a child that has ended is an error and not a wait', async () => {
  const child = startReceiverProcess();
  await child.ask('listen', {});
  await child.stop();
  await expect(child.ask('counts', {})).rejects.toThrow('ended early (SIGKILL)');
});
