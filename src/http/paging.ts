import { DEFAULT_PAGE_LIMIT, decodeCursor, MAX_PAGE_LIMIT, type PageRequest } from '../kernel/pages.ts';
import { type Static, type TSchema, Type } from '../kernel/type.ts';

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

/** The parameter of lists that can be searched. `what` names what is searched in. */
export function SearchQuery(what: string) {
  return Type.Optional(
    Type.String({
      description: `Words, all of which must be found, each perhaps as the beginning of a longer one: ${what}. Upper and lower case, accents and punctuation do not count; of more than 32 words the longest do.`,
    }),
  );
}

/** What the documentation says of such lists. */
export const SEARCHED_PAGES =
  'With `q` a page may hold fewer items than `limit`, or none, although `next` is not null: a search looks through so much of the list at a time. Go on until `next` is null.';

/** The shape of every list's answer. */
export function pageOf<T extends TSchema>(item: T) {
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
