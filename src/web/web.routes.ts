import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Api } from '../http/index.ts';
import type { Random } from '../kernel/random.ts';
import type { Build, BuiltFile, BuiltFiles } from './build.ts';

interface Dependencies {
  build: Build;
  random: Random;
}

/** What belongs to the API, to machines and to partners: an unknown path below is a problem, and never a page. */
const NOT_PAGES = /^\/(api|inbox|metrics|healthz|readyz|\.well-known|as2)(\/|$)/;

/** Where the page says its nonce; `web/vite.config.ts` has the same word. */
const NONCE_PLACE = '__NONCE__';
const NONCE_BYTES = 16;

const PAGE_HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const NOT_BUILT = `The pages of Waybill have not been built yet. In Waybill's folder, run

    npm ci

and load this page again. The API works without them: see /api/docs.
`;

/** `GET /` and every path that is no other route's: the pages, which find their way by the path themselves. */
export function webRoutes(api: Api, { build, random }: Dependencies): void {
  api.route({
    method: ['GET', 'HEAD'],
    url: '/*',
    schema: { hide: true },
    async handler(request, reply) {
      const path = request.url.split('?', 1)[0] as string;
      if (NOT_PAGES.test(path)) return reply.callNotFound();
      const files = await build.files();
      if (files === null)
        return reply.code(503).headers(PAGE_HEADERS).type('text/plain; charset=utf-8').send(NOT_BUILT);
      return isOfPage(path) ? sendPage(files, reply) : sendFile(files.get(path), request, reply);
    },
  });

  function sendPage(files: BuiltFiles, reply: FastifyReply): FastifyReply {
    const page = files.get('/index.html') as BuiltFile;
    const nonce = Buffer.from(random.fill(new Uint8Array(NONCE_BYTES))).toString('base64');
    return reply
      .headers({ ...PAGE_HEADERS, 'content-security-policy': contentSecurityPolicy(nonce) })
      .type(page.contentType)
      .send(page.plain.toString().replaceAll(NONCE_PLACE, nonce));
  }
}

/** Names with a dot are of files, and a page's path has none. */
function isOfPage(path: string): boolean {
  return path === '/index.html' || !path.includes('.');
}

function sendFile(file: BuiltFile | undefined, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (file === undefined) {
    reply.callNotFound();
    return reply;
  }
  const [encoding, body] = encodedFor(file, request.headers['accept-encoding'] ?? '');
  if (encoding !== null) reply.header('content-encoding', encoding);
  return reply
    .headers({
      // The name of an asset tells its content.
      'cache-control': request.url.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
    })
    .type(file.contentType)
    .send(body);
}

/** The copy to send to whoever accepts such encodings (RFC 9110 §12.5.3), and how it is encoded. */
function encodedFor({ encoded, plain }: BuiltFile, accepted: string): [string | null, Buffer] {
  const names = accepted
    .toLowerCase()
    .split(',')
    .filter((choice) => !/;\s*q=0(\.0*)?\s*$/.test(choice))
    .map((choice) => choice.split(';', 1)[0]?.trim());
  return [...encoded].find(([encoding]) => names.includes(encoding)) ?? [null, plain];
}

/**
 * Nothing from elsewhere, no script but our own files, and style elements only with the nonce: what a receiver or a
 * partner has sent is shown as text, and could not run if it were not.
 */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
