import { API_KEY } from './server-process.ts';

/** What a publisher was promised: the marker inside the event, and the id that the answer gave it. */
export interface Promised {
  marker: string;
  eventId: string;
}

export interface Publishers {
  /** Where the server is from now on; null while it is down. */
  pointAt(url: string | null): void;
  /** Lets them go on publishing, should they be waiting for the receivers to catch up. */
  goOn(): void;
  /** Begins nothing new, and resolves when every request that was begun has been acknowledged. */
  finish(): Promise<void>;
  promised: Promised[];
  /** Requests that had to be sent again, because nobody had answered. */
  readonly repeated: number;
  /** Answers that nobody should have got, as sentences. */
  violations: string[];
}

interface Options {
  /** How many publish one event at a time, and how many a batch. */
  single: number;
  batch: number;
  batchSize: number;
  /** Asked before each new request, with the number of events acknowledged so far: whether there is room for more. */
  mayPublish: (promisedCount: number) => boolean;
}

/**
 * Publishers that never give up: each sends one request after another, and repeats the one that was not answered, with
 * the same Idempotency-Key, until it is acknowledged.
 */
export function startPublishers({ single, batch, batchSize, mayPublish }: Options): Publishers {
  const promised: Promised[] = [];
  const violations: string[] = [];
  // An object for each life of the server: two of them may well get the same port.
  let server: { url: string } | null = null;
  let isFinishing = false;
  let repeated = 0;
  let change = Promise.withResolvers<void>();

  function wakeAll(): void {
    change.resolve();
    change = Promise.withResolvers<void>();
  }

  async function untilThereIsAServer(): Promise<{ url: string }> {
    while (server === null) await change.promise;
    return server;
  }

  async function publish(name: string, size: number): Promise<void> {
    for (let i = 0; ; i += 1) {
      while (!(isFinishing || mayPublish(promised.length))) await change.promise;
      if (isFinishing) return;
      const markers = Array.from({ length: size }, (_, n) => `${name}-${i}-${n}`);
      await publishUntilAcknowledged(`key-${name}-${i}`, markers);
    }
  }

  async function publishUntilAcknowledged(key: string, markers: readonly string[]): Promise<void> {
    const events = markers.map((marker) => ({ type: 'chaos.published', data: { marker, padding: 'x'.repeat(200) } }));
    for (;;) {
      const target = await untilThereIsAServer();
      const ids = await send(target.url, key, events.length === 1 ? events[0] : events);
      if (ids !== null) return note(markers, ids);
      repeated += 1;
      // The server is gone although nobody has said so yet: wait until somebody does.
      while (server === target && !isFinishing) await change.promise;
    }
  }

  /** The ids of the events, none when they were refused, or null when no answer came. */
  async function send(url: string, key: string, body: unknown): Promise<string[] | null> {
    try {
      const response = await fetch(`${url}/api/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as { id: string } | { id: string }[];
      if (response.status === 202) return [answer].flat().map(({ id }) => id);
      violations.push(`${key} was answered ${response.status}: ${JSON.stringify(answer)}`);
      return [];
    } catch {
      return null;
    }
  }

  function note(markers: readonly string[], ids: readonly string[]): void {
    for (const [i, eventId] of ids.entries()) promised.push({ marker: markers[i] as string, eventId });
  }

  const loops = [
    ...Array.from({ length: single }, (_, i) => publish(`single${i}`, 1)),
    ...Array.from({ length: batch }, (_, i) => publish(`batch${i}`, batchSize)),
  ];

  return {
    promised,
    violations,
    get repeated() {
      return repeated;
    },
    pointAt(url) {
      server = url === null ? null : { url };
      wakeAll();
    },
    goOn: wakeAll,
    async finish() {
      isFinishing = true;
      wakeAll();
      await Promise.all(loops);
    },
  };
}
