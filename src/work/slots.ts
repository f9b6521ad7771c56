/**
 * Who may have how much work in hand. A slot is taken when work is handed out and given back in the transaction that
 * settles it, so what a crash can leave unsettled is never more than `maxInFlight`.
 *
 * A lane gets another slot only while it holds fewer than are free. One lane alone so gets half of them, and n lanes that
 * give none back 1/(n+1) each: however many receivers hang, there are slots left for one that does not. (The dynamic
 * threshold of shared-memory switches: Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998.)
 */
export interface Slots {
  /** Takes a slot for the lane unless `free` says that there is none for it. */
  take(lane: string, limit: number): boolean;
  give(lane: string): void;
  /** Takes back a slot that has just been given, whatever else the lane holds: the giving was rolled back. */
  retake(lane: string): void;
  /** How many slots the lane could take now. */
  free(lane: string, limit: number): number;
  /** Whether work of the lane waits for a slot. */
  isWaiting(lane: string): boolean;
  setWaiting(lane: string, isWaiting: boolean): void;
  /** The lanes that wait, the one that waits longest first; each call begins with another. */
  waiting(): string[];
  /** Whether any lane waits. */
  readonly isAnyWaiting: boolean;
  /** Whether the process has as much in hand as it may. */
  readonly isFull: boolean;
}

export function createSlots(maxInFlight: number): Slots {
  const taken = new Map<string, number>();
  const queue = new Set<string>();
  let inFlight = 0;

  function free(lane: string, limit: number): number {
    const held = taken.get(lane) ?? 0;
    const left = maxInFlight - inFlight;
    // Each slot taken brings the two closer by two.
    return Math.max(0, Math.min(limit - held, Math.ceil((left - held) / 2)));
  }

  function retake(lane: string): void {
    taken.set(lane, (taken.get(lane) ?? 0) + 1);
    inFlight += 1;
  }

  return {
    free,
    get isAnyWaiting() {
      return queue.size > 0;
    },
    get isFull() {
      return inFlight >= maxInFlight;
    },
    take(lane, limit) {
      if (free(lane, limit) === 0) return false;
      retake(lane);
      return true;
    },
    retake,
    give(lane) {
      const left = (taken.get(lane) ?? 1) - 1;
      if (left > 0) taken.set(lane, left);
      else taken.delete(lane);
      inFlight -= 1;
    },
    isWaiting: (lane) => queue.has(lane),
    setWaiting(lane, isWaiting) {
      if (isWaiting) queue.add(lane);
      else queue.delete(lane);
    },
    waiting() {
      const lanes = [...queue];
      const [first] = lanes;
      if (first !== undefined) {
        queue.delete(first);
        queue.add(first);
      }
      return lanes;
    },
  };
}
