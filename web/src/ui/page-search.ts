/** What the search field of a page bears, so that the shortcut `/` finds it. */
export const PAGE_SEARCH = { 'data-page-search': true };
