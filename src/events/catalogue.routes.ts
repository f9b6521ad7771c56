import type { Api } from '../http/index.ts';
import type { JsonObject } from '../kernel/json.ts';
import { Type } from '../kernel/type.ts';
import { EVENT_TYPES } from './catalogue.ts';

const EventTypeSchema = Type.Object({
  type: Type.String(),
  family: Type.String({ description: 'The first part of the type.' }),
  description: Type.String(),
  reserved: Type.Boolean({ description: 'Whether only Waybill itself may publish it.' }),
  sample: Type.Unsafe<JsonObject>({ type: 'object', description: 'A full and likely `data`.' }),
});

/** `GET /event-types`. */
export function catalogueRoutes(api: Api): void {
  api.get(
    '/api/v1/event-types',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the built-in event types in the order of the documentation, all on one page',
        tags: ['Events'],
        response: { 200: Type.Object({ items: Type.Array(EventTypeSchema), next: Type.Null() }) },
      },
    },
    async () => ({
      items: EVENT_TYPES.map(({ data: _schema, ...entry }) => entry),
      next: null,
    }),
  );
}
