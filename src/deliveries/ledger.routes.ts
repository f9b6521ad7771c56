import { type Api, PageQuery, pageOf, pageRequest, strictObject } from '../http/index.ts';
import { notFound } from '../kernel/errors.ts';
import { toPage } from '../kernel/pages.ts';
import { Type } from '../kernel/type.ts';
import type { Store } from '../store/index.ts';
import type { Webhook, WebhookDirectory } from '../webhooks/index.ts';
import { DELIVERY_STATES } from './deliveries.state.ts';
import { readLedger } from './ledger.store.ts';

const LedgerItem = Type.Object({
  sequence: Type.Integer({ description: 'The number that the receiver saw in `x-waybill-sequence`.' }),
  eventId: Type.String(),
  deliveryId: Type.String({ description: 'The delivery that the number was given to.' }),
  state: Type.Enum([...DELIVERY_STATES], {
    description: 'Of the newest delivery with that number: of the latest replay, where there was one.',
  }),
});

/** `GET /webhooks/{id}/ledger`: for receivers that want to prove that nothing is missing. */
export function ledgerRoutes(api: Api, { store, directory }: { store: Store; directory: WebhookDirectory }): void {
  function find({ id }: Record<string, string>): Webhook {
    const webhook = directory.get(id as string);
    if (webhook === null) throw notFound('webhook', id as string);
    return webhook;
  }

  api.get(
    '/api/v1/webhooks/:id/ledger',
    {
      config: { role: 'viewer', find, problems: ['gone'] },
      schema: {
        summary: 'List the numbers given to a webhook, ascending and without a gap',
        description:
          '410 when `after` is older than what retention has deleted; the detail names the number to ask with.',
        tags: ['Webhooks'],
        params: Type.Object({ id: Type.String() }),
        querystring: strictObject({
          ...PageQuery,
          after: Type.Optional(
            Type.Integer({ minimum: 0, description: 'Only later numbers; 0, the default, for all.' }),
          ),
        }),
        response: { 200: pageOf(LedgerItem) },
      },
    },
    async (request) => {
      const page = pageRequest(`ledger:${request.params.id}`, request.query);
      const after = page.before === null ? (request.query.after ?? 0) : Number(page.before);
      const webhookNumber = find(request.params).record.number;
      const rows = await store.read(readLedger, { webhookNumber, after, limit: page.limit });
      return toPage(rows, page, (row) => String(row.sequence));
    },
  );
}
