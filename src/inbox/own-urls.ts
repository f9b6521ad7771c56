/**
 * The URLs below which the inboxes of a server are, each with a slash at its end: that of its public URL first, where
 * it has one, and that of the address it listens on. `listening` is a URL with the real port; an address that stands for
 * all of the machine's is replaced by loopback's, since it cannot be sent to. Pure.
 */
export function inboxRoots({ baseUrl, listening }: { baseUrl: string | null; listening: string }): string[] {
  const own = new URL(listening);
  if (own.hostname === '0.0.0.0') own.hostname = '127.0.0.1';
  if (own.hostname === '[::]') own.hostname = '[::1]';
  const roots = [baseUrl, own.href].filter((url) => url !== null).map((url) => `${url.replace(/\/+$/, '')}/inbox/`);
  return [...new Set(roots.map((root) => new URL(root).href))];
}

/** The inbox that a URL leads to, by the roots of the server; null where it leads elsewhere. Pure. */
export function inboxOfUrl(text: string, roots: readonly string[]): string | null {
  const url = URL.parse(text);
  if (url === null) return null;
  const place = url.origin + url.pathname;
  const root = roots.find((each) => place.startsWith(each));
  if (root === undefined) return null;
  return place.slice(root.length).split('/', 1)[0] || null;
}
