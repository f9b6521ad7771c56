import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Api } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { notFound } from '../kernel/errors.ts';
import type { Inbox, Inboxes } from './inboxes.ts';

interface Dependencies {
  inboxes: Inboxes;
  clock: Clock;
}

/** Longer than any webhook waits: whoever hangs longer is nobody of ours. */
const HANGS_MS = 5 * 60_000;
/** How many senders may be kept waiting at a time. One more is not: anybody who can reach the server may send. */
const MOST_WAITING = 1000;

interface ToInbox {
  Params: { name: string };
}

/** `/inbox/<name>` and what is below it: takes any request, without a key, and answers as the inbox is set to. */
export async function receivingRoutes(api: Api, { inboxes, clock }: Dependencies): Promise<void> {
  const waiting = new Set<() => void>();

  function find({ name }: ToInbox['Params']): Inbox {
    const inbox = inboxes.get(name);
    if (inbox === null) throw notFound('inbox', name);
    return inbox;
  }

  /** Resolves after that time, or when the sender is gone, or the server is about to close. */
  function wait({ raw }: FastifyReply, forMs: number): Promise<void> {
    if (waiting.size >= MOST_WAITING) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        waiting.delete(end);
        resolve();
      };
      const timer = clock.after(forMs, end);
      waiting.add(end);
      raw.once('close', end);
    });
  }

  async function receive(request: FastifyRequest<ToInbox>, reply: FastifyReply): Promise<FastifyReply> {
    const { method, url: path, headers } = request;
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { answer } = inboxes.receive(find(request.params), { method, path, headers, body });
    if ('hang' in answer) {
      await wait(reply, HANGS_MS);
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    }
    if (answer.delayMs > 0) await wait(reply, answer.delayMs);
    if (answer.retryAfterS !== null) reply.header('retry-after', answer.retryAfterS);
    return reply.code(answer.status).send();
  }

  api.addHook('preClose', (done) => {
    for (const end of waiting) end();
    done();
  });

  // In a scope of its own: here bodies are taken as they are, whatever they say they are.
  await api.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    // Before the body is read: nobody sends a megabyte to nowhere.
    scope.addHook<ToInbox>('onRequest', async (request) => {
      find(request.params);
    });
    for (const url of ['/inbox/:name', '/inbox/:name/*']) {
      scope.all<ToInbox>(url, { schema: { hide: true } }, receive);
    }
    done();
  });
}
