/** One fault in a request: where it is, as an RFC 6901 pointer into the body or `?name` for a query parameter. */
export interface FieldError {
  pointer: string;
  detail: string;
}

/** An answer of the API that is no success (RFC 9457). `message` says what is wrong, and what to do. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly errors: readonly FieldError[];

  constructor(status: number, body: { detail?: string; code?: string; errors?: readonly FieldError[] } | null) {
    super(body?.detail ?? `HTTP ${status}`);
    this.status = status;
    this.code = body?.code ?? 'unknown';
    this.errors = body?.errors ?? [];
  }
}

/** No answer came: nobody knows whether the request was carried out. */
export class ServerGone extends Error {
  override readonly name = 'ServerGone';
}

/** The problem in a response that is none of success; null where it is not from the API, but from a proxy before it. */
export async function problemOf(response: Response): Promise<Problem | null> {
  const isOurs = response.headers.get('content-type')?.startsWith('application/problem+json') === true;
  return isOurs ? new Problem(response.status, await response.json()) : null;
}
