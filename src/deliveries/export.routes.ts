import { Readable } from 'node:stream';
import { type Api, strictObject } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { csvLine } from '../kernel/csv.ts';
import { formatInstant } from '../kernel/instants.ts';
import { Type } from '../kernel/type.ts';
import type { Store } from '../store/index.ts';
import type { WebhookDirectory } from '../webhooks/index.ts';
import { DeliverySchema } from './deliveries.routes.ts';
import { FilterQuery, filterOf } from './filter-query.ts';
import { type DeliveryRow, listDeliveries, newestDelivery } from './log.store.ts';
import { presentDelivery } from './present-delivery.ts';

interface Dependencies {
  store: Store;
  clock: Clock;
  directory: WebhookDirectory;
}

type Delivery = ReturnType<typeof presentDelivery>;

/** As the items of the list, in the order in which it shows them. */
const COLUMNS = [
  'id',
  'eventId',
  'eventType',
  'webhookId',
  'state',
  'reason',
  'createdAt',
  'attemptCount',
  'nextAttemptAt',
  'replayOf',
  'sequence',
] as const satisfies readonly (keyof Delivery)[];

interface Format {
  contentType: string;
  head: string;
  line: (delivery: Delivery) => string;
}

const FORMATS: Record<'ndjson' | 'csv', Format> = {
  ndjson: {
    contentType: 'application/x-ndjson; charset=utf-8',
    head: '',
    line: (delivery) => `${JSON.stringify(delivery)}\n`,
  },
  csv: {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: csvLine(COLUMNS),
    line: (delivery) => csvLine(COLUMNS.map((column) => delivery[column])),
  },
};

/** How many deliveries are read and held at once. */
const PAGE = 250;

/** The whole of a filtered list, as a file. */
export function exportRoutes(api: Api, { store, clock, directory }: Dependencies): void {
  const underway = new Set<Readable>();

  /**
   * The lines of all deliveries that there are now and that the filter includes, page by page: the store answers others
   * between two of them, and is asked for the next when the caller has taken the one before.
   */
  async function* lines(query: Parameters<typeof filterOf>[0], first: Page, format: Format): AsyncGenerator<string> {
    yield format.head;
    for (let page = first; ; page = await read(query, page.next)) {
      yield page.rows.map((row) => format.line(presentDelivery(row, directory, clock.now()))).join('');
      if (page.next === null) return;
    }
  }

  interface Page {
    rows: DeliveryRow[];
    next: number | null;
  }

  function read(query: Parameters<typeof filterOf>[0], before: number | null): Promise<Page> {
    return store.read(listDeliveries, { ...filterOf(query), limit: PAGE, before });
  }

  // A server that stops does not wait for somebody who downloads slowly.
  api.addHook('preClose', (done) => {
    for (const stream of underway) stream.destroy();
    done();
  });

  api.get(
    '/api/v1/deliveries/export',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Export the deliveries that a list with the same filters shows, newest first',
        description:
          'A stream of all of them, without attempts: one JSON object a line, or CSV (RFC 4180) with a header row. Deliveries made after the start are not in it. A stream that breaks off is not whole.',
        tags: ['Deliveries'],
        querystring: strictObject({
          ...FilterQuery,
          format: Type.Optional(Type.Enum(['ndjson', 'csv'], { description: '`ndjson` where left out.' })),
        }),
        response: {
          200: Type.Unsafe<unknown>({
            description: 'All of the deliveries, one a line.',
            content: {
              'text/csv': { schema: Type.String() },
              'application/x-ndjson': { schema: DeliverySchema },
            },
          }),
        },
      },
    },
    async (request, reply) => {
      const { format: name = 'ndjson', ...query } = request.query;
      const format = FORMATS[name];
      const newest = await store.read(newestDelivery, null);
      const stream = Readable.from(lines(query, await read(query, newest + 1), format), { objectMode: false });
      underway.add(stream);
      stream.once('close', () => underway.delete(stream));
      const startedAt = formatInstant(clock.now()).slice(0, 19).replaceAll(':', '-');
      return reply
        .type(format.contentType)
        .header('content-disposition', `attachment; filename="waybill-deliveries-${startedAt}.${name}"`)
        .send(stream);
    },
  );
}
