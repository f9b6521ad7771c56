/** A delivery as it reached the receiver. Instants are monotonic microseconds. */
export interface Arrival {
  /** The event's number. */
  number: number;
  path: string;
  /** The instant from which the event's latency counts. */
  sentAtUs: number;
  arrivedAtUs: number;
}

/**
 * Every arrival since it was made, in columns of numbers: hundreds of thousands of objects would have the receiver
 * collecting garbage on the cores of the server that is measured.
 */
export interface ArrivalLog {
  add(arrival: Arrival): void;
  /** How many arrivals there are, and how many distinct events among them. */
  readonly size: number;
  readonly events: number;
  hasEvent(number: number): boolean;
  /** The instants of the first and of the last arrival; null when there are none. */
  firstAtUs(): number | null;
  lastAtUs(): number | null;
  /** How many arrived in the range, its start included and its end excluded. */
  countBetween(fromUs: number, toUs: number): number;
  /** Latencies in µs of the first arrival of each event for which `isMeasured` holds. */
  latenciesUs(isMeasured: (sentAtUs: number, path: string) => boolean): Float64Array;
}

const FIRST_CAPACITY = 65_536;

export function createArrivalLog(): ArrivalLog {
  let sentAt = new Float64Array(FIRST_CAPACITY);
  let arrivedAt = new Float64Array(FIRST_CAPACITY);
  let pathIndex = new Uint8Array(FIRST_CAPACITY);
  let isRepeat = new Uint8Array(FIRST_CAPACITY);
  let seen = new Uint8Array(FIRST_CAPACITY);
  const paths: string[] = [];
  let size = 0;
  let events = 0;

  function indexOfPath(path: string): number {
    const index = paths.indexOf(path);
    return index === -1 ? paths.push(path) - 1 : index;
  }

  return {
    get size() {
      return size;
    },
    get events() {
      return events;
    },
    add({ number, path, sentAtUs, arrivedAtUs }) {
      if (size === sentAt.length) {
        sentAt = doubled(sentAt, size + 1);
        arrivedAt = doubled(arrivedAt, size + 1);
        pathIndex = doubled(pathIndex, size + 1);
        isRepeat = doubled(isRepeat, size + 1);
      }
      if (number >= seen.length) seen = doubled(seen, number + 1);
      sentAt[size] = sentAtUs;
      arrivedAt[size] = arrivedAtUs;
      pathIndex[size] = indexOfPath(path);
      isRepeat[size] = seen[number] as number;
      if (seen[number] === 0) events += 1;
      seen[number] = 1;
      size += 1;
    },
    hasEvent: (number) => seen[number] === 1,
    firstAtUs: () => (size === 0 ? null : (arrivedAt[0] as number)),
    lastAtUs: () => (size === 0 ? null : (arrivedAt[size - 1] as number)),
    countBetween: (fromUs, toUs) => arrivedAt.subarray(0, size).filter((atUs) => atUs >= fromUs && atUs < toUs).length,
    latenciesUs(isMeasured) {
      const found = new Float64Array(size);
      let count = 0;
      for (let at = 0; at < size; at += 1) {
        const sentAtUs = sentAt[at] as number;
        if (isRepeat[at] === 1 || !isMeasured(sentAtUs, paths[pathIndex[at] as number] as string)) continue;
        found[count] = (arrivedAt[at] as number) - sentAtUs;
        count += 1;
      }
      return found.subarray(0, count);
    },
  };
}

/** A copy with room for at least `needed` values, and for twice as many as before. */
function doubled<T extends Float64Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(column: T, needed: number): T {
  const length = Math.max(needed, column.length * 2);
  const larger = column instanceof Float64Array ? new Float64Array(length) : new Uint8Array(length);
  larger.set(column);
  return larger as T;
}
