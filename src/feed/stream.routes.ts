import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { type Api, type Authenticate, credentialsOf, strictObject } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Type } from '../kernel/type.ts';
import type { Change, Feed, Follower, News } from './feed.ts';

interface Dependencies {
  feed: Feed;
  clock: Clock;
  authenticate: Authenticate;
  /** Every state that something in the stream can be in. */
  states: readonly string[];
}

/** A change is in the stream when its data has these members. */
type Filter = Readonly<Record<string, string>>;

/** How long a client whose browser lost the connection waits before it comes back. */
const RETRY_MS = 2_000;
/** Who takes nothing for so long is cut off. It may come back, and go on where it was. */
const STALLED_MS = 10_000;
const BUFFER_BYTES = 16 * 1024;

const DESCRIPTION = `Server-sent events (WHATWG HTML §9.2), for live screens. \`event: delivery\` comes at each committed change of a
delivery, with the delivery in \`data\` as lists show it; \`pending\` and \`delivering\` may be left out when another change
follows at once. A stream begins now, or with \`Last-Event-ID\` after that event. Ids are good for ten minutes, also over a
restart of the server; with another one \`event: reset\` comes first: something may have been missed, so read the lists
again. Comments keep the connection alive. A client that does not read is disconnected.`;

/** `GET /stream`. */
export function streamRoutes(api: Api, { feed, clock, authenticate, states }: Dependencies): void {
  api.addHook('preClose', (done) => {
    feed.stop();
    done();
  });

  api.get(
    '/api/v1/stream',
    {
      config: { role: 'viewer', problems: ['rate_limited', 'storage_unavailable'] },
      schema: {
        summary: 'Watch changes as they are committed',
        description: DESCRIPTION,
        tags: ['Stream'],
        headers: Type.Object({
          'last-event-id': Type.Optional(Type.String({ description: 'The id of the last event seen.' })),
        }),
        querystring: strictObject({
          lastEventId: Type.Optional(Type.String({ description: 'For clients that cannot send the header.' })),
          webhookId: Type.Optional(Type.String({ description: 'Only deliveries to this webhook.' })),
          state: Type.Optional(Type.Enum([...states], { description: 'Only changes to this state.' })),
        }),
        response: {
          200: { content: { 'text/event-stream': { schema: Type.Unsafe<unknown>({ type: 'string' }) } } },
        },
      },
    },
    async (request, reply) => {
      const { lastEventId, ...filter } = request.query;
      const lastId = request.headers['last-event-id'] || lastEventId || null;
      const follower = await feed.follow(lastId);
      reply.raw.once('close', follower.leave);
      // It may have gone while the store was asked.
      if (reply.raw.destroyed) follower.leave();
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store, no-transform')
        .header('x-accel-buffering', 'no')
        .send(Readable.from(frames(request, follower, filter), { objectMode: false, highWaterMark: BUFFER_BYTES }));
    },
  );

  /** The stream as text. It is asked for the next piece when there is room for it again. */
  async function* frames(request: FastifyRequest, follower: Follower, filter: Filter): AsyncGenerator<string> {
    yield `retry: ${RETRY_MS}\n`;
    for await (const news of follower.news()) {
      if (!(await isAllowed(request))) return;
      const text = frameOf(news, filter);
      const watchdog = clock.after(STALLED_MS, () => request.raw.socket.destroy());
      if (text !== '') yield text;
      watchdog.cancel();
    }
  }

  /** Asked before each piece: a key that was deleted, or a session that has ended, sees nothing more. */
  async function isAllowed({ headers }: FastifyRequest): Promise<boolean> {
    const credentials = credentialsOf(headers);
    return credentials !== null && (await authenticate(credentials)) !== null;
  }
}

/** News as server-sent events; empty when the filter lets none of it through. */
function frameOf({ id, isReset, changes }: News, filter: Filter): string {
  if (isReset) {
    return `id: ${id}\nevent: reset\ndata: {"detail":"Something may have been missed: read the lists again."}\n\n`;
  }
  // An id without data moves the client's place, and it sees no event.
  if (changes.length === 0) return `:\nid: ${id}\n\n`;
  return changes
    .filter((change) => passes(change, filter))
    .map((change) => `id: ${change.id}\nevent: ${change.topic}\ndata: ${change.json}\n\n`)
    .join('');
}

function passes({ data }: Change, filter: Filter): boolean {
  return Object.entries(filter).every(([name, value]) => data[name] === value);
}
