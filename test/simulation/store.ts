import type { Ids } from '../../src/kernel/ids.ts';
import type { Handler, Store } from '../../src/store/index.ts';
import { type Call, createGroupCommit } from '../../src/store/sqlite/group-commit.ts';
import type { FromWriter } from '../../src/store/sqlite/protocol.ts';
import { createQueryAnswers } from '../../src/store/sqlite/query-answers.ts';
import { createStoreClient } from '../../src/store/sqlite/store-client.ts';
import type { Disk } from './disk.ts';
import type { Facts } from './rules.ts';
import type { ProcessTime } from './timeline.ts';

interface Options {
  time: ProcessTime;
  disk: Disk;
  handlers: readonly Handler[];
  ids: Ids;
  /** Called after each commit, before anybody has been told of it; returns the webhooks that it has changed. */
  onCommitted: () => Facts[];
  /** Called when the main thread is told of a commit that has changed those webhooks; calls `tell` to tell it. */
  onTold: (changed: Facts[], tell: () => void) => void;
  onBroken: (message: string) => void;
}

/**
 * The store of a process: the real one but for its threads. Both are steps of the timeline here, and so a commit and the
 * news of it are two: a crash can come between.
 */
export function openSimulatedStore(options: Options): Store {
  const { time, disk, handlers, ids, onCommitted, onTold, onBroken } = options;
  const write = createGroupCommit(disk.writer, handlers, ids);
  const answer = createQueryAnswers(disk.reader, handlers);
  const turns = time.channel();
  const toWriter = time.channel();
  const fromWriter = time.channel();
  const toReader = time.channel();
  const fromReader = time.channel();

  async function commit(calls: readonly Call[]): Promise<void> {
    const startedAtMs = time.clock.monotonicMs();
    const group = await write(calls);
    const changed = onCommitted();
    const tookMs = time.clock.monotonicMs() - startedAtMs;
    const message = copied({ kind: 'group', answer: group, tookMs, walBytes: 0 } satisfies FromWriter);
    fromWriter.send(() => onTold(changed, () => client.fromWriter(message)));
  }

  async function read(call: Call): Promise<void> {
    const outcome = copied(await answer(call));
    fromReader.send(() => client.fromReader({ kind: 'answer', outcome }));
  }

  const client = createStoreClient({
    toWriter(message) {
      if (message.kind !== 'calls') return;
      const calls = copied(message.calls);
      toWriter.send(() => void commit(calls));
    },
    toReader(message) {
      if (message.kind !== 'query') return;
      const call = copied(message.call);
      toReader.send(() => void read(call));
    },
    nextTurn: (run) => turns.send(run),
    onBroken,
  });
  return { ...client.store, close: client.drained };
}

/** As it arrives in another thread: nothing is shared. Nearly all of it is plain data, which is copied quicker by hand. */
function copied<T>(message: T): T {
  if (Array.isArray(message)) return message.map(copied) as T;
  if (isPlain(message)) {
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(message)) copy[name] = copied(message[name]);
    return copy as T;
  }
  const isValue = message === null || (typeof message !== 'object' && typeof message !== 'function');
  return isValue ? message : structuredClone(message);
}

function isPlain(message: unknown): message is Record<string, unknown> {
  if (typeof message !== 'object' || message === null) return false;
  const prototype = Object.getPrototypeOf(message);
  return prototype === Object.prototype || prototype === null;
}
