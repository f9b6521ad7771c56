import type { Exchange } from '../egress/index.ts';

/** What stands where a credential was. */
export const MASK = '***';

/** A shorter text would be found where nobody meant it, and is no secret. */
const SHORTEST = 4;

/**
 * The ways in which a receiver may repeat a secret: as it is, and as URLs, forms and JSON write it. Longest first, so
 * that none leaves a part of another. Pure.
 */
export function spellingsOf(secrets: readonly string[]): string[] {
  const spellings = secrets
    .filter((secret) => secret.length >= SHORTEST)
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret.toWellFormed()),
      new URLSearchParams([['', secret]]).toString().slice(1),
      JSON.stringify(secret).slice(1, -1),
    ]);
  return [...new Set(spellings)].sort((a, b) => b.length - a.length);
}

/** An answer without one secret, in any of its spellings. Pure. */
export function maskEcho(response: Exchange['response'], secret: string): Exchange['response'] {
  return maskEchoes(response, spellingsOf([secret]));
}

/**
 * An answer as people see it: without the credentials that the receiver repeats from the request, as echo services,
 * error pages and redirects with the same query do. Pure.
 */
export function maskEchoes(response: Exchange['response'], spellings: readonly string[]): Exchange['response'] {
  if (response === null || spellings.length === 0) return response;
  const masked = (text: string): string => spellings.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
  const headers = Object.entries(response.headers).map(([name, value]) => [name, masked(value)] as const);
  return { ...response, headers: Object.fromEntries(headers), body: masked(response.body) };
}
