import type { Call, GroupAnswer, Outcome } from './group-commit.ts';

/** What a store thread is started with. */
export interface ThreadSettings {
  role: 'writer' | 'reader';
  folder: string;
  migrate: boolean;
  options: unknown;
}

export type ToWriter = { kind: 'calls'; calls: Call[] } | { kind: 'close' };
export type FromWriter =
  | { kind: 'ready' }
  | { kind: 'failed'; message: string; setup: boolean }
  | { kind: 'group'; answer: GroupAnswer; tookMs: number; walBytes: number }
  | { kind: 'closed' };

export type ToReader =
  | { kind: 'open' }
  | { kind: 'query'; call: Call }
  | { kind: 'checkpoint'; truncate: boolean }
  | { kind: 'close' };
export type FromReader =
  | { kind: 'ready' }
  | { kind: 'failed'; message: string; setup: boolean }
  | { kind: 'answer'; outcome: Outcome }
  | { kind: 'checkpointed' }
  | { kind: 'closed' };
