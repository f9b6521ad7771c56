import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../kernel/errors.ts';
import { Type } from '../kernel/type.ts';

/** Throws `precondition_failed` (412) when the tag is not one that the caller's `If-Match` names. */
export type AssertMatch = (tag: string) => void;

/** The headers that routes for something with an entity tag take, for their schemas. */
export const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'Refuses (412) what was made from another version than this `ETag` names.' }),
  ),
});
export const IfNoneMatch = Type.Object({
  ...IfMatch.properties,
  'if-none-match': Type.Optional(Type.String({ description: 'Answers 304 while the `ETag` is still this one.' })),
});

const TAG_LENGTH = 22;

/** The strong entity tag of a configuration: another for every other value (RFC 9110 §8.8.3). Pure. */
export function entityTag(value: unknown): string {
  return `"${hash('sha256', JSON.stringify(value), 'base64url').slice(0, TAG_LENGTH)}"`;
}

/**
 * The caller's `If-Match`, to be asked of the very state that a change is made from. Without the header everything
 * passes. Source: RFC 9110 §13.1.1.
 */
export function ifMatch(request: FastifyRequest): AssertMatch {
  return (tag) => {
    if (isStale(request, tag)) throw staleTag();
  };
}

/**
 * For a GET of something with a tag: tells the tag, and answers 304 to a caller who knows it. A weak tag will do for
 * that. Source: RFC 9110 §13.1.2.
 */
export async function answerUnchanged(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  const tag = await tagOf(request);
  if (isStale(request, tag)) throw staleTag();
  if (isKnown(request, tag)) return reply.header('etag', tag).code(304).send();
  if (tag !== null) reply.header('etag', tag);
  return undefined;
}

/** Puts 412 before 422: what else is wrong is for a caller to hear who knows what is there now. */
export async function staleBefore(refusal: Refusal, request: FastifyRequest): Promise<Refusal> {
  const mayBeStale = refusal.status === 422 && request.headers['if-match'] !== undefined;
  return mayBeStale && isStale(request, await tagOf(request)) ? staleTag() : refusal;
}

/** The tag of what the request's path names, or null where that has none. */
async function tagOf(request: FastifyRequest): Promise<string | null> {
  return (await request.routeOptions.config.tag?.(request.params as Record<string, string>)) ?? null;
}

function isStale(request: FastifyRequest, tag: string | null): boolean {
  const wanted = request.headers['if-match'];
  return wanted !== undefined && tag !== null && !names(wanted, tag);
}

function isKnown(request: FastifyRequest, tag: string | null): boolean {
  const known = request.headers['if-none-match'];
  return known !== undefined && tag !== null && names(known.replaceAll('W/"', '"'), tag);
}

/** Whether a list of tags, or `*`, names this one. A weak tag is no proof that nothing has changed. */
function names(list: string, tag: string): boolean {
  if (list.trim() === '*') return true;
  return [...list.matchAll(/(?:W\/)?"[^"]*"/g)].some(([entry]) => entry === tag);
}

function staleTag(): Refusal {
  return new Refusal(
    'precondition_failed',
    'It has changed since the version that If-Match names. Read it again, and make your change to what it is now.',
  );
}
