/** When a failed try is made again. Delays are milliseconds, before jitter; `maxAttempts` counts the first try. */
export type RetryPolicy =
  | { strategy: 'delays'; delaysMs: readonly number[]; jitter: number }
  | { strategy: 'fixed'; maxAttempts: number; delayMs: number; jitter: number }
  | {
      strategy: 'exponential';
      maxAttempts: number;
      initialDelayMs: number;
      factor: number;
      maxDelayMs: number;
      jitter: number;
    };

/** How many tries the policy allows in all. */
export function maxTries(policy: RetryPolicy): number {
  return policy.strategy === 'delays' ? policy.delaysMs.length + 1 : policy.maxAttempts;
}

/**
 * The wait after the `tryNumber`-th try (from 1) has failed, in milliseconds before jitter, or null when no try is
 * left. Pure.
 */
export function plannedDelayMs(policy: RetryPolicy, tryNumber: number): number | null {
  if (tryNumber >= maxTries(policy)) return null;
  switch (policy.strategy) {
    case 'delays':
      return policy.delaysMs[tryNumber - 1] ?? null;
    case 'fixed':
      return policy.delayMs;
    case 'exponential':
      return Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.factor ** (tryNumber - 1));
  }
}

/** The delay stretched by a random share of up to `jitter` (0 to 1); `random` is in [0, 1). Pure. */
export function withJitter(delayMs: number, jitter: number, random: number): number {
  return Math.round(delayMs * (1 + jitter * random));
}
