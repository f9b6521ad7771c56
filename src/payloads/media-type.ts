/** What the bytes of a media type are, as far as Waybill writes them itself: `+json` and `+xml` are such too. */
export type MediaKind = 'json' | 'xml' | 'other';

/** The kind of a content type, its parameters aside (RFC 6839 §3). Pure. */
export function mediaKindOf(contentType: string): MediaKind {
  const [essence = ''] = contentType.split(';', 1);
  const [, json, xml] = /^(?:(.*\/json|.*\+json)|(.*\/xml|.*\+xml))$/i.exec(essence.trim()) ?? [];
  if (json !== undefined) return 'json';
  return xml === undefined ? 'other' : 'xml';
}
