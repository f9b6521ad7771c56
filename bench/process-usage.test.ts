import { expect, test } from 'vitest';
import { cpuUs, parseCpuTicks, parseRssKb, rssBytes } from './process-usage.ts';

test('the name of a process may hold spaces and parentheses without moving its CPU time', () => {
  const rest = 'S 1 2 3 0 -1 4194560 100 0 0 0 250 31 0 0 20 0 11 0 12345 1000 200';
  expect(parseCpuTicks(`42 (node) ${rest}`)).toBe(281);
  expect(parseCpuTicks(`42 (a) b (c) ${rest}`)).toBe(281);
});

test('the resident set size is read from its own line', () => {
  expect(parseRssKb('Name:\tnode\nVmHWM:\t  999 kB\nVmRSS:\t   5124 kB\n')).toBe(5_124);
  expect(() => parseRssKb('Name:\tnode\nState:\tZ (zombie)\n')).toThrow('VmRSS');
});

test.runIf(process.platform === 'linux')('the figures of this process agree with what Node says of it', () => {
  const { user, system } = process.cpuUsage();
  expect(Math.abs(cpuUs(process.pid) - user - system)).toBeLessThan(200_000);
  expect(rssBytes(process.pid) / process.memoryUsage.rss()).toBeCloseTo(1, 0);
});
