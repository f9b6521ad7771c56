import { delay, keepingAlive } from '../kernel/clock.ts';
import { formatInstant } from '../kernel/instants.ts';
import type { DeliveryAnswer } from './api-answers.ts';
import type { ApiContext } from './api-client.ts';
import { CommandFailure, type ExitCode } from './command-io.ts';
import { stateInWords } from './deliveries.ts';
import { printable, printLines } from './output.ts';
import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';

/** As the server asks of those who lose the connection. */
const COME_BACK_AFTER_MS = 2_000;

/**
 * `waybill deliveries watch`: a line for each change until it is interrupted, with `--json` the delivery as one JSON object
 * a line. A connection that is lost is made again, and goes on where it was; words about that go to stderr. `query` holds
 * the server's own parameters. Throws a `CommandFailure` where the server refuses, or does not answer to begin with.
 */
export async function watchDeliveries(context: ApiContext, query: Record<string, string>): Promise<ExitCode> {
  const { io } = context;
  const stop = new AbortController();
  const interrupted = io.untilInterrupted().then(() => stop.abort());
  const watch: Watch = { ...context, query, signal: stop.signal, isUnderWay: false, lastId: null };
  while (!stop.signal.aborted) {
    await follow(watch);
    if (stop.signal.aborted) break;
    io.stderr.write('The connection was lost. Trying again.\n');
    await keepingAlive(Promise.race([interrupted, delay(io.clock, COME_BACK_AFTER_MS)]));
  }
  return 0;
}

interface Watch extends ApiContext {
  query: Record<string, string>;
  signal: AbortSignal;
  /** Whether the server has answered once: from then on a lost connection is made again. */
  isUnderWay: boolean;
  /** Where to go on. */
  lastId: string | null;
}

/** Shows what comes until the connection is lost, or the watch is over. */
async function follow(watch: Watch): Promise<void> {
  const { io, api, query, signal, lastId } = watch;
  try {
    const stream = await api.download({
      path: '/stream',
      query,
      signal,
      ...(lastId === null ? {} : { lastEventId: lastId }),
    });
    if (!watch.isUnderWay) io.stderr.write('Watching. Ctrl-C ends this.\n');
    watch.isUnderWay = true;
    for await (const news of readServerSentEvents(stream)) {
      watch.lastId = news.lastId;
      if (news.message !== null) show(watch, news.message);
    }
  } catch (error) {
    if (!(signal.aborted || (watch.isUnderWay && mayPass(error)))) throw error;
  }
}

const TOO_MANY_REQUESTS = 429;
const SERVER_ERRORS = 500;

/** Whether to try again: not where the server says that this key, or this request, will not do. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof CommandFailure) || error.problem === null) return true;
  const { status } = error.problem as { status?: unknown };
  return typeof status !== 'number' || status === TOO_MANY_REQUESTS || status >= SERVER_ERRORS;
}

function show({ io, json }: Watch, { event, data }: ServerSentEvent): void {
  if (event === 'reset') {
    io.stderr.write('Something may have been missed meanwhile: see `waybill deliveries list`.\n');
  }
  if (event !== 'delivery') return;
  if (json) printLines(io, [data]);
  else printLines(io, [lineOf(JSON.parse(data) as DeliveryAnswer, io.clock.now())]);
}

function lineOf(delivery: DeliveryAnswer, now: number): string {
  return printable(
    [formatInstant(now), delivery.id, delivery.webhookId, delivery.eventType, stateInWords(delivery)].join('  '),
  );
}
