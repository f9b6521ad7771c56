import { unacceptable } from '../kernel/errors.ts';
import type { PayloadChoice } from '../payloads/index.ts';

/** What the formats of Waybill can be written as. */
const WRITTEN = new Set([
  'application/json',
  'application/json; charset=utf-8',
  'application/xml',
  'application/xml; charset=utf-8',
]);

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"[ !#-\\[\\]-~]*"';
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|${QUOTED}))*$`);
const CHARSET = /;[ \t]*charset="?([^";\s]*)/i;

/** Refuses (422 at `/contentType`) what a body cannot be sent as: any media type is for templates only (RFC 9110 §8.3.1). */
export function checkContentType(contentType: string, { format }: PayloadChoice): void {
  if (format !== 'template') {
    if (WRITTEN.has(contentType)) return;
    const all = [...WRITTEN].map((one) => JSON.stringify(one)).join(', ');
    throw unacceptable('/contentType', `Without a template it must be one of ${all}.`);
  }
  checkMediaType(contentType);
}

/** Refuses (422 at `/contentType`) what is no media type, or another character set than the one that bodies are sent in. */
export function checkMediaType(contentType: string): void {
  if (!MEDIA_TYPE.test(contentType)) {
    throw unacceptable(
      '/contentType',
      'Must be a media type, such as "application/json" or "text/plain; charset=utf-8".',
    );
  }
  const [, charset = 'utf-8'] = CHARSET.exec(contentType) ?? [];
  if (!/^(utf-8|us-ascii)$/i.test(charset)) {
    throw unacceptable('/contentType', `Bodies are sent as UTF-8, and not as ${charset}: leave the charset out.`);
  }
}
