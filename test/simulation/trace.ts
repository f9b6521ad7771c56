import { createHash } from 'node:crypto';

/** What a line of the trace is about: `d17` a delivery, `w2` a webhook, `e5` an event. */
export type Subject = `${'d' | 'w' | 'e'}${number}`;

/** Everything that happened in a run, a line each, in short names that are the same each time. */
export interface Trace {
  /** Lines without a subject concern everything. */
  note(text: string, ...subjects: readonly Subject[]): void;
  /** The lines about any of the subjects, and those that concern everything. */
  about(subjects: readonly Subject[]): string[];
  all(): string[];
  /** Tells two runs apart that differ in anything. */
  hash(): string;
}

export function createTrace(now: () => number): Trace {
  const startAt = now();
  const lines: { line: string; subjects: readonly Subject[] }[] = [];
  return {
    note(text, ...subjects) {
      lines.push({ line: `${elapsed(now() - startAt)}  ${text}`, subjects });
    },
    about(wanted) {
      const isWanted = (subjects: readonly Subject[]) =>
        subjects.length === 0 || subjects.some((subject) => wanted.includes(subject));
      return lines.filter(({ subjects }) => isWanted(subjects)).map(({ line }) => line);
    },
    all: () => lines.map(({ line }) => line),
    hash() {
      const hash = createHash('sha256');
      for (const { line } of lines) hash.update(line).update('\n');
      return hash.digest('hex');
    },
  };
}

/** Hours, minutes and seconds with milliseconds since the run began. */
function elapsed(ms: number): string {
  const pad = (value: number, width = 2) => String(value).padStart(width, '0');
  const seconds = Math.floor(ms / 1000);
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}.${pad(ms % 1000, 3)}`;
}
