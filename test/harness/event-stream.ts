import { onTestFinished } from 'vitest';
import { ADMIN_KEY, type TestServer } from './server.ts';

/** One message of a stream, as its lines say it. */
export interface StreamMessage {
  event: string | null;
  id: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it checks it.
  data: any;
  /** Lines that are comments. */
  comments: number;
}

/** A client of `GET /stream`. */
export interface StreamClient {
  status: number;
  headers: Headers;
  /** The last `retry:` of the server, in ms. */
  readonly retryMs: number | null;
  /** The id to go on from, as an EventSource keeps it. */
  readonly lastId: string | null;
  /** Every message so far. */
  messages: StreamMessage[];
  /** Resolves with the messages with an `event` and data that is accepted, once there are at least `count`. */
  received(count: number, accepts?: (message: StreamMessage) => boolean): Promise<StreamMessage[]>;
  /** Resolves when the server has ended the stream. */
  ended: Promise<void>;
  close(): void;
}

/** Opens the stream and reads it until it is closed, or the test has finished. */
export async function openStream(
  server: TestServer,
  options: { query?: string; lastEventId?: string; key?: string; cookie?: string } = {},
): Promise<StreamClient> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const response = await fetch(`${server.url}/api/v1/stream${options.query ?? ''}`, {
    headers: {
      ...(options.cookie === undefined
        ? { authorization: `Bearer ${options.key ?? ADMIN_KEY}` }
        : { cookie: options.cookie }),
      accept: 'text/event-stream',
      ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }),
    },
    signal: abort.signal,
  });
  const messages: StreamMessage[] = [];
  const watchers = new Set<(message: StreamMessage) => void>();
  let retryMs: number | null = null;
  let lastId: string | null = null;

  function take(block: string): void {
    const message: StreamMessage = { event: null, id: null, data: null, comments: 0 };
    for (const line of block.split('\n')) {
      const [, field, value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
      if (field === '') message.comments += 1;
      if (field === 'event') message.event = value;
      if (field === 'id') message.id = value;
      if (field === 'data') message.data = JSON.parse(value);
      if (field === 'retry') retryMs = Number(value);
    }
    lastId = message.id ?? lastId;
    messages.push(message);
    for (const watch of watchers) watch(message);
  }

  async function readAll(): Promise<void> {
    let rest = '';
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) take(block);
    }
  }

  return {
    status: response.status,
    headers: response.headers,
    get retryMs() {
      return retryMs;
    },
    get lastId() {
      return lastId;
    },
    messages,
    received(count, accepts = () => true) {
      return new Promise((resolve) => {
        const found: StreamMessage[] = [];
        const watch = (message: StreamMessage): void => {
          if (message.event === null || !accepts(message)) return;
          found.push(message);
          if (found.length !== count) return;
          watchers.delete(watch);
          resolve(found);
        };
        watchers.add(watch);
        messages.forEach(watch);
      });
    },
    ended: readAll().catch(() => undefined),
    close: () => abort.abort(),
  };
}
