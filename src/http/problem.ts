import { REFUSALS, Refusal } from '../kernel/errors.ts';

/** RFC 9457, with our stable `code` and one entry for each field at fault. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  errors?: readonly { pointer: string; detail: string }[];
}

export const PROBLEM_TYPE = 'application/problem+json';

/** The problem document of a refusal. */
export function problemOf(refusal: Refusal): Problem {
  return {
    type: 'about:blank',
    title: REFUSALS[refusal.code].title,
    status: refusal.status,
    detail: refusal.message,
    code: refusal.code,
    ...(refusal.errors.length > 0 ? { errors: refusal.errors } : {}),
  };
}

/** Errors that Fastify itself raises before a handler runs, in our words. */
const FASTIFY_ERRORS: Record<string, (message: string) => Refusal> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new Refusal('unsupported_media_type', 'Send the body as Content-Type: application/json.'),
  FST_ERR_CTP_BODY_TOO_LARGE: () => tooLarge('The body is larger than this route takes.'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new Refusal('validation_failed', 'The body is not as long as its Content-Length says.'),
  FST_ERR_MAX_PARAM_LENGTH: () => new Refusal('not_found', 'Nothing has an id as long as the one in the path.'),
  FST_ERR_BAD_URL: () => new Refusal('validation_failed', 'The URL is not valid.'),
};

export function tooLarge(detail: string): Refusal {
  return new Refusal('payload_too_large', detail);
}

/** The refusal behind an error thrown on the way through the HTTP edge, or null for a fault of ours. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const known = typeof code === 'string' ? FASTIFY_ERRORS[code] : undefined;
  return known === undefined ? null : known(String(message));
}
