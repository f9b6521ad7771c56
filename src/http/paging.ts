import { type Static, Type } from 'typebox';
import { DEFAULT_PAGE_LIMIT, decodeCursor, MAX_PAGE_LIMIT, type PageRequest } from '../kernel/pages.ts';

/** The query parameters of every list. */
export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_PAGE_LIMIT,
      description: `How many items, ${DEFAULT_PAGE_LIMIT} by default.`,
    }),
  ),
  cursor: Type.Optional(Type.String({ description: '`next` of the page before.' })),
};

/** The shape of every list's answer. */
export function pageOf<T extends Type.TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) });
}

const _query = Type.Object(PageQuery);

/** What a list was asked for. Refuses (400) a cursor that is not this list's. */
export function pageRequest(list: string, query: Static<typeof _query>): PageRequest {
  return {
    list,
    limit: query.limit ?? DEFAULT_PAGE_LIMIT,
    before: query.cursor === undefined ? null : decodeCursor(list, query.cursor),
  };
}
