import type { Dice } from './dice.ts';

/** What a receiver does with one request. Times are milliseconds. */
export type Reaction =
  /** Nothing listens, or there is no way to it. */
  | { kind: 'refuse' }
  /** It takes the request and never answers. */
  | { kind: 'hang' }
  /** It breaks the connection off, before or after it has worked on the request. */
  | { kind: 'reset'; thinkMs: number }
  | { kind: 'answer'; thinkMs: number; status: number; retryAfterMs: number | null };

/** How a receiver usually behaves. */
export type Manner = 'healthy' | 'slow' | 'flaky' | 'failing' | 'limiting' | 'leaving' | 'hanging';

export const MANNERS: readonly Manner[] = ['healthy', 'slow', 'flaky', 'failing', 'limiting', 'leaving', 'hanging'];

/** The servers behind the URLs of webhooks. */
export interface Receivers {
  /** What the receiver at the URL does with a request now. */
  react(url: string): Reaction;
  /** Has all of them answer at once and well, from now on. */
  heal(): void;
}

interface Outage {
  from: number;
  to: number;
}

const OUTAGES = 3;
const LONGEST_OUTAGE_MS = 40_000;

/** Receivers whose manner is the first word of their path, such as `/flaky/1`, with outages of their own. */
export function createReceivers(options: { now: () => number; busyMs: number; dice: Dice }): Receivers {
  const { now, busyMs, dice } = options;
  const startAt = now();
  const outagesByUrl = new Map<string, Outage[]>();
  let isHealed = false;

  function outagesOf(url: string): Outage[] {
    let outages = outagesByUrl.get(url);
    if (outages === undefined) {
      outages = Array.from({ length: dice.within(0, OUTAGES) }, () => {
        const from = startAt + dice.within(0, busyMs);
        return { from, to: from + dice.within(100, LONGEST_OUTAGE_MS) };
      });
      outagesByUrl.set(url, outages);
    }
    return outages;
  }

  const isDown = (url: string) => outagesOf(url).some(({ from, to }) => from <= now() && now() < to);
  const answer = (status: number, thinkMs: number, retryAfterMs: number | null = null): Reaction => ({
    kind: 'answer',
    thinkMs,
    status,
    retryAfterMs,
  });
  const taken = () => answer(dice.pick([200, 204, 204]), dice.within(0, 20));

  function flaky(): Reaction {
    const roll = dice.within(1, 10);
    if (roll <= 5) return taken();
    if (roll === 6) return { kind: 'reset', thinkMs: dice.within(0, 50) };
    if (roll === 7) return { kind: 'refuse' };
    if (roll === 8) return answer(503, dice.within(0, 50), dice.hit(0.5) ? dice.within(1, 60) * 1000 : null);
    return answer(dice.pick([302, 404, 500, 502]), dice.within(0, 50));
  }

  function byManner(manner: Manner): Reaction {
    switch (manner) {
      case 'healthy':
        return taken();
      case 'slow':
        return answer(200, dice.within(100, 6_000));
      case 'flaky':
        return flaky();
      case 'failing':
        return dice.hit(0.1) ? taken() : answer(500, dice.within(0, 100));
      case 'limiting':
        return dice.hit(0.6) ? taken() : answer(429, 0, dice.within(0, dice.pick([30, 300])) * 1000);
      case 'leaving':
        return dice.hit(0.15) ? answer(410, dice.within(0, 100)) : taken();
      case 'hanging':
        return dice.hit(0.4) ? { kind: 'hang' } : taken();
    }
  }

  return {
    react(url) {
      if (isHealed) return answer(204, 1);
      if (isDown(url))
        return dice.hit(0.5) ? { kind: 'refuse' } : answer(503, 1, dice.hit(0.5) ? dice.within(1, 120) * 1000 : null);
      const [, manner] = new URL(url).pathname.split('/');
      return byManner(manner as Manner);
    },
    heal() {
      isHealed = true;
    },
  };
}
