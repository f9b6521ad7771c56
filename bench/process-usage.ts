import { readFileSync } from 'node:fs';

/** USER_HZ, in which /proc counts CPU time. It is 100 on every architecture that Node runs on (proc(5), time(7)). */
const TICKS_PER_SECOND = 100;

/** CPU time that a process has used so far, in user and kernel mode, over all of its threads, in microseconds. */
export function cpuUs(pid: number): number {
  return parseCpuTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')) * (1_000_000 / TICKS_PER_SECOND);
}

/** The resident set size of a process in bytes. */
export function rssBytes(pid: number): number {
  return parseRssKb(readFileSync(`/proc/${pid}/status`, 'utf8')) * 1_024;
}

/** The sum of utime and stime in the text of /proc/<pid>/stat, whose second field may hold spaces and parentheses. */
export function parseCpuTicks(stat: string): number {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(afterName[11]) + Number(afterName[12]);
}

/** VmRSS in the text of /proc/<pid>/status, in kB. */
export function parseRssKb(status: string): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  if (found === null) throw new Error('The status of the process has no VmRSS line.');
  return Number(found[1]);
}

/** Watches how much memory a process takes, ten times a second, until it is stopped. */
export function watchRss(pid: number): { stop(): { maxBytes: number } } {
  let maxBytes = rssBytes(pid);
  const timer = setInterval(() => {
    try {
      maxBytes = Math.max(maxBytes, rssBytes(pid));
    } catch {
      // The process has ended; whoever waits for it says so.
    }
  }, 100);
  return {
    stop() {
      clearInterval(timer);
      return { maxBytes };
    },
  };
}
