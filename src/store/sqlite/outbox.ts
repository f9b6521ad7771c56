import type { Call } from './group-commit.ts';

/** Calls that wait for the writer, and which of them go next. */
export interface Outbox {
  readonly length: number;
  add(call: Call, traits: { weight: number; isUrgent: boolean }): void;
  /**
   * Takes the next group out: all that is urgent, and of the rest as much as a commit should hold, but at least one.
   * Under pressure, more of the rest than a commit holds has to stand back in most groups that hold urgent work.
   */
  takeGroup(isPressed: boolean): { calls: Call[]; weight: number };
}

interface Waiting {
  call: Call;
  weight: number;
}

/**
 * How many rows of new work one commit takes in. Small enough that those who settle old work wait a few milliseconds,
 * large enough that the sync is shared by many: batches that publishers send must not starve delivery.
 */
const MAX_NEW_WEIGHT = 200;

/** Work that waited once is claimed at twice the cost, so it is cheaper for all to let it catch up. */
const GROUPS_TO_STAND_BACK = 2;

export function createOutbox(): Outbox {
  let urgent: Waiting[] = [];
  let others: Waiting[] = [];
  let weightOfOthers = 0;
  let groupsStoodBack = 0;

  function takeOthers(): Waiting[] {
    let weight = 0;
    let count = 0;
    while (count < others.length && (count === 0 || weight < MAX_NEW_WEIGHT)) {
      weight += (others[count] as Waiting).weight;
      count += 1;
    }
    const taken = others.slice(0, count);
    others = others.slice(count);
    weightOfOthers -= weight;
    return taken;
  }

  return {
    get length() {
      return urgent.length + others.length;
    },
    add(call, { weight, isUrgent }) {
      (isUrgent ? urgent : others).push({ call, weight });
      if (!isUrgent) weightOfOthers += weight;
    },
    takeGroup(isPressed) {
      const isFlood = isPressed && weightOfOthers > MAX_NEW_WEIGHT;
      const standBack = isFlood && urgent.length > 0 && groupsStoodBack < GROUPS_TO_STAND_BACK;
      groupsStoodBack = standBack ? groupsStoodBack + 1 : 0;
      const group = standBack ? urgent : [...urgent, ...takeOthers()];
      urgent = [];
      return { calls: group.map(({ call }) => call), weight: group.reduce((sum, { weight }) => sum + weight, 0) };
    },
  };
}
