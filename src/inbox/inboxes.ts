import type { IncomingHttpHeaders } from 'node:http';
import { type AssertMatch, entityTag } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Store } from '../store/index.ts';
import type { Webhook, WebhookDirectory } from '../webhooks/index.ts';
import {
  allInboxes,
  deleteInbox,
  INBOX_CHANGED,
  type InboxAnswer,
  type InboxChange,
  type InboxRecord,
  keepInbox,
} from './inboxes.store.ts';
import { maskHead } from './masking.ts';
import { inboxOfUrl } from './own-urls.ts';
import { createRequestBox, type InboxRequest, type RequestBox } from './request-box.ts';
import { judgeRequest } from './verdict.ts';

/** An inbox, with what it has received. */
export interface Inbox {
  record: InboxRecord;
  box: RequestBox;
}

/** A request as it arrived. */
export interface Arrival {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The built-in receivers: each has a name, and keeps what it receives in memory. */
export interface Inboxes {
  /** Null when there is none of that name. */
  get(name: string): Inbox | null;
  /** Newest first. */
  list(): Inbox[];
  /** The entity tag of what it is set to answer; null when there is no such inbox. */
  tag(name: string): string | null;
  /** Where requests to it go. */
  urlOf(name: string): string;
  /** The webhooks whose URL leads to it, newest first. */
  webhooksOf(name: string): readonly Webhook[];
  /** Makes an inbox, or replaces what one answers. Refuses (409) when there are too many, (412) by `assertMatch`. */
  keep(name: string, answer: InboxAnswer, assertMatch: AssertMatch): Promise<Inbox>;
  /** Deletes it with all that it has received. False when there was none. Refuses (412) by `assertMatch`. */
  remove(name: string, assertMatch: AssertMatch): Promise<boolean>;
  /** Keeps a request, judged by the keys of that moment, and returns it with the answer to give. */
  receive(inbox: Inbox, arrival: Arrival): InboxRequest;
}

interface Dependencies {
  store: Store;
  directory: WebhookDirectory;
  clock: Clock;
  ids: Ids;
  /** The URLs below which inboxes are, the one to show first. Known once the server listens. */
  roots: () => readonly string[];
}

const BOX = { most: 200, mostBytes: 16 * 1024 * 1024 };
/** What all boxes together may take: whoever can reach the server can send to them. */
const MOST_BYTES_IN_ALL = 64 * 1024 * 1024;

/** What `If-Match` is asked of where there is no inbox yet: no tag of one. */
const NO_TAG = '""';

/** Loads the inboxes and keeps them in step with the store from then on. */
export async function openInboxes({ store, directory, clock, ids, roots }: Dependencies): Promise<Inboxes> {
  const inboxes = new Map<string, Inbox>();
  /** By inbox; null until it is asked for after a change. */
  let senders: Map<string | null, Webhook[]> | null = null;

  function take({ name, record }: InboxChange): void {
    const box = inboxes.get(name)?.box ?? createRequestBox(BOX);
    if (record === null) inboxes.delete(name);
    else inboxes.set(name, { record, box });
  }

  function makeRoom(): void {
    const boxes = [...inboxes.values()].map(({ box }) => box);
    while (boxes.reduce((sum, { bytes }) => sum + bytes, 0) > MOST_BYTES_IN_ALL) {
      boxes.reduce((fullest, box) => (box.bytes > fullest.bytes ? box : fullest)).dropOldest();
    }
  }

  function webhooksOf(name: string): readonly Webhook[] {
    senders ??= Map.groupBy(directory.list(), ({ config }) => inboxOfUrl(config.url, roots()));
    return senders.get(name) ?? [];
  }

  const tagOf = ({ number, version }: InboxRecord): string => entityTag(['inbox', number, version]);

  directory.onChange(() => {
    senders = null;
  });
  store.subscribe<InboxChange>(INBOX_CHANGED, take);
  for (const record of await store.read(allInboxes, null)) take({ name: record.name, record });

  return {
    get: (name) => inboxes.get(name) ?? null,
    list: () => [...inboxes.values()].sort((a, b) => b.record.number - a.record.number),
    tag(name) {
      const inbox = inboxes.get(name);
      return inbox === undefined ? null : tagOf(inbox.record);
    },
    urlOf: (name) => `${roots()[0]}${name}`,
    webhooksOf,
    async keep(name, answer, assertMatch) {
      for (;;) {
        const before = inboxes.get(name)?.record ?? null;
        assertMatch(before === null ? NO_TAG : tagOf(before));
        const basis = before?.version ?? null;
        // Null when somebody else was faster: then it is asked of what is there now.
        const record = await store.run(keepInbox, { name, answer, basis, now: clock.now() });
        if (record !== null) return { record, box: inboxes.get(name)?.box ?? createRequestBox(BOX) };
      }
    },
    async remove(name, assertMatch) {
      for (;;) {
        const inbox = inboxes.get(name);
        if (inbox === undefined) return false;
        assertMatch(tagOf(inbox.record));
        // False when somebody else changed it meanwhile: then it is asked of what is there now.
        if (await store.run(deleteInbox, { name, basis: inbox.record.version })) return true;
      }
    },
    receive({ record, box }, { method, path, headers, body }) {
      const now = clock.now();
      const webhooks = webhooksOf(record.name);
      const request = {
        id: ids.make('req', now),
        receivedAt: now,
        method,
        ...maskHead(
          path,
          headers,
          webhooks.map(({ config }) => config.auth),
        ),
        body,
        signature: judgeRequest({ headers, body }, webhooks, now),
        answer: record.answer,
      };
      box.add(request);
      makeRoom();
      return request;
    },
  };
}
