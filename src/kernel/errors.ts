/**
 * Why a request was refused. The code is part of the contract; the status is what the HTTP edge answers with.
 * Expected failures of receivers are values, never errors; anything thrown that is not a `Refusal` is a fault.
 */
export const REFUSALS = {
  validation_failed: { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'A valid API key or session is needed' },
  forbidden: { status: 403, title: 'This caller may not do that' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'That method is not offered here' },
  conflict: { status: 409, title: 'The state does not allow that' },
  in_use: { status: 409, title: 'Something still refers to it' },
  gone: { status: 410, title: 'It is no longer kept' },
  precondition_failed: { status: 412, title: 'It has changed meanwhile' },
  payload_too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'That content type is not read here' },
  idempotency_mismatch: { status: 422, title: 'The idempotency key was used for another request' },
  unknown_event_type: { status: 422, title: 'That event type cannot be published' },
  egress_refused: { status: 422, title: 'That address may not be dialled' },
  template_invalid: { status: 422, title: 'The template does not hold' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Something went wrong inside Waybill' },
  storage_unavailable: { status: 503, title: 'The store cannot take writes now' },
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** One fault in a request: an RFC 6901 pointer into the body (or `?name` for a query parameter) and what to do. */
export interface FieldError {
  pointer: string;
  detail: string;
}

/** A request that is refused, with nothing stored. Crosses the store's thread boundary as plain data. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly status: number;
  readonly errors: readonly FieldError[];
  /** After how many seconds it is worth asking again, where that is known. */
  readonly retryAfterS: number | null;

  constructor(
    code: RefusalCode,
    detail: string,
    options: { status?: number; errors?: readonly FieldError[]; retryAfterS?: number } = {},
  ) {
    super(detail);
    this.code = code;
    this.status = options.status ?? REFUSALS[code].status;
    this.errors = options.errors ?? [];
    this.retryAfterS = options.retryAfterS ?? null;
  }
}

/** A value that is well-formed but cannot be accepted: 422 with a pointer to the field. */
export function unacceptable(pointer: string, detail: string, code: RefusalCode = 'validation_failed'): Refusal {
  return new Refusal(code, detail, { status: 422, errors: [{ pointer, detail }] });
}

/** 404 for an id that names nothing, or nothing any more. */
export function notFound(what: string, id: string): Refusal {
  return new Refusal('not_found', `There is no ${what} ${JSON.stringify(id)}.`);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A mistake in how Waybill was set up or called: one clear sentence for people, no stack trace. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}
