import { type Api, Instant, PageQuery, pageOf, pageRequest, strictObject } from '../http/index.ts';
import { parseInstant } from '../kernel/instants.ts';
import { encodeCursor } from '../kernel/pages.ts';
import { Type } from '../kernel/type.ts';
import { LOG_LEVELS, type LogItem } from './search.ts';
import type { SystemLog } from './system-log.ts';

const LIST = 'logs';
const MAX_Q_LENGTH = 200;

const Line = Type.Object(
  {
    at: Instant,
    level: Type.Enum([...LOG_LEVELS]),
    message: Type.String({ description: 'What happened, such as `delivery.attempted`: `msg` of the line on stdout.' }),
  },
  { additionalProperties: true, description: 'A line of the log. The fields that go with it stand beside these.' },
);

const InstantQuery = Type.Optional(Type.String({ format: 'date-time' }));

/** `GET /logs`. */
export function logRoutes(api: Api, systemLog: Pick<SystemLog, 'search'>): void {
  api.get(
    '/api/v1/logs',
    {
      config: { role: 'viewer' },
      schema: {
        summary: "Read the server's own log, newest first",
        description:
          'What the server writes to standard output is also kept in its data folder, about 64 MB of it. A page may hold fewer lines than asked for, or none, and still have a `next`: a search stops after a while.',
        tags: ['Process'],
        querystring: strictObject({
          ...PageQuery,
          level: Type.Optional(Type.Enum([...LOG_LEVELS], { description: 'This level and those above it.' })),
          q: Type.Optional(
            Type.String({ maxLength: MAX_Q_LENGTH, description: 'Text anywhere in the line, in upper or lower case.' }),
          ),
          from: InstantQuery,
          to: InstantQuery,
        }),
        response: { 200: pageOf(Type.Unsafe<LogItem>(Line)) },
      },
    },
    async (request) => {
      const { level, q, from, to } = request.query;
      const { limit, before } = pageRequest(LIST, request.query);
      const { items, next } = await systemLog.search({
        level: level ?? null,
        q: q ?? null,
        from: from === undefined ? null : parseInstant(from),
        to: to === undefined ? null : parseInstant(to),
        limit,
        before: before === null ? null : Number(before),
      });
      return { items, next: next === null ? null : encodeCursor(LIST, String(next)) };
    },
  );
}
