import { isUtf8 } from 'node:buffer';
import type { FastifyBodyParser } from 'fastify';
import { Refusal } from '../kernel/errors.ts';
import { changedNumbers } from '../kernel/exact-numbers.ts';
import { tooDeep } from '../kernel/nesting.ts';
import type { Api } from './api.ts';
import { tooLarge } from './problem.ts';
import { refusalOfDepth, refusalOfNumbers } from './validation.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How many bytes a body may have that is no array, where an array may have more. */
    itemLimit?: number;
  }
}

/**
 * How deep a body nests. Beyond some thousand levels whatever walks through a value overflows the stack, here as at the
 * receivers, and many of those take 64 at most.
 */
export const MAX_LEVELS = 100;

const ARRAY_START = '['.charCodeAt(0);
const WHITE_SPACE = new Set(Buffer.from(' \t\r\n'));

function isArray(json: Buffer): boolean {
  return json.find((byte) => !WHITE_SPACE.has(byte)) === ARRAY_START;
}

/**
 * Reads bodies. Returns, for those with numbers that reading them has changed, the refusal for when nothing else is
 * wrong with them.
 */
export function readJson(app: Api): WeakMap<object, Refusal> {
  const changed = new WeakMap<object, Refusal>();
  const read: FastifyBodyParser<Buffer> = (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    const { itemLimit = Number.POSITIVE_INFINITY } = request.routeOptions.config;
    if (body.length > itemLimit && !isArray(body)) {
      return done(tooLarge(`A body that is no array has at most ${itemLimit} bytes here.`));
    }
    if (!isUtf8(body)) return done(new Refusal('validation_failed', 'The body is not valid UTF-8 (RFC 8259 §8.1).'));
    let value: unknown;
    try {
      value = JSON.parse(body.toString());
    } catch (error) {
      return done(new Refusal('validation_failed', `The body is not valid JSON: ${(error as Error).message}`));
    }
    // Each item of an array may nest as deep as a body of its own.
    const deep = tooDeep(value, Array.isArray(value) ? MAX_LEVELS + 1 : MAX_LEVELS);
    if (deep !== null) return done(refusalOfDepth(deep, MAX_LEVELS));
    const numbers = changedNumbers(body);
    if (numbers.length > 0 && typeof value === 'object' && value !== null) {
      changed.set(value, refusalOfNumbers(numbers));
    }
    done(null, value);
  };
  // What curl says of the type of nothing (`-d ''`) is no statement about a body.
  app.addHook('onRequest', async ({ headers }) => {
    if (headers['content-length'] === '0') delete headers['content-type'];
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, read);
  app.addContentTypeParser<Buffer>('application/merge-patch+json', { parseAs: 'buffer' }, (request, body, done) => {
    if (request.method === 'PATCH') return read(request, body, done);
    done(new Refusal('unsupported_media_type', 'A merge patch is for PATCH: send application/json.'));
  });
  return changed;
}
