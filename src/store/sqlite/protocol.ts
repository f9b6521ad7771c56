import type { Call, GroupAnswer, Outcome } from './group-commit.ts';

/** What a store thread is started with. */
export interface ThreadSettings {
  role: 'writer' | 'reader';
  folder: string;
  options: unknown;
}

export type ToWriter = { kind: 'calls'; calls: Call[] } | { kind: 'close' };
export type FromWriter =
  | { kind: 'ready' }
  | { kind: 'failed'; message: string; setup: boolean }
  | { kind: 'group'; answer: GroupAnswer; tookMs: number; walBytes: number }
  | { kind: 'closed' };

/**
 * PASSIVE copies what it can and stops nobody. RESTART also makes the writer begin the log anew, for which it has to wait
 * a little; TRUNCATE cuts the file as well, which takes ten times as long (measured at 64 MB: 43 to 50 ms, PASSIVE 3 to 6).
 */
export type CheckpointMode = 'PASSIVE' | 'RESTART' | 'TRUNCATE';

export type ToReader =
  | { kind: 'open' }
  | { kind: 'query'; call: Call }
  | { kind: 'checkpoint'; mode: CheckpointMode }
  | { kind: 'close' };
export type FromReader =
  | { kind: 'ready' }
  | { kind: 'failed'; message: string; setup: boolean }
  | { kind: 'answer'; outcome: Outcome }
  | { kind: 'checkpointed' }
  | { kind: 'closed' };
