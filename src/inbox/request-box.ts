import type { InboxAnswer } from './inboxes.store.ts';
import type { InboxVerdict } from './verdict.ts';

/** A request that an inbox has received, credentials masked. */
export interface InboxRequest {
  id: string;
  /** When the whole body had arrived, in epoch milliseconds. */
  receivedAt: number;
  method: string;
  /** Path and query, as the request line had them. */
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  signature: InboxVerdict;
  answer: InboxAnswer;
}

/** The latest requests of an inbox, within bounds of number and memory. */
export interface RequestBox {
  /** What they take of memory, about. */
  readonly bytes: number;
  /** How many were dropped to make room, since the box was made or cleared. */
  readonly dropped: number;
  /** Newest first. */
  list(): readonly InboxRequest[];
  add(request: InboxRequest): void;
  dropOldest(): void;
  clear(): void;
}

/** What a request takes beside its texts. */
const OVERHEAD_BYTES = 1024;

export function createRequestBox({ most, mostBytes }: { most: number; mostBytes: number }): RequestBox {
  let requests: InboxRequest[] = [];
  let bytes = 0;
  let dropped = 0;

  function dropOldest(): void {
    const oldest = requests.pop();
    if (oldest === undefined) return;
    bytes -= bytesOf(oldest);
    dropped += 1;
  }

  return {
    get bytes() {
      return bytes;
    },
    get dropped() {
      return dropped;
    },
    list: () => requests,
    add(request) {
      requests.unshift(request);
      bytes += bytesOf(request);
      while (requests.length > most || bytes > mostBytes) dropOldest();
    },
    dropOldest,
    clear() {
      requests = [];
      bytes = 0;
      dropped = 0;
    },
  };
}

function bytesOf({ path, headers, body }: InboxRequest): number {
  const texts = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, path.length);
  return OVERHEAD_BYTES + 2 * texts + body.length;
}
