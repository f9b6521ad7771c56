/** What one check of `waybill doctor` has found. */
export interface Finding {
  /** What was checked, in a word or two. */
  check: string;
  status: 'ok' | 'warning' | 'failed';
  message: string;
  /** What a person can do about it; null when all is well. */
  remedy: string | null;
}

/** All is well. */
export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message, remedy: null };
}

/** It works, and somebody should know. */
export function warning(check: string, message: string, remedy: string): Finding {
  return { check, status: 'warning', message, remedy };
}

/** It is not as it must be. */
export function failed(check: string, message: string, remedy: string): Finding {
  return { check, status: 'failed', message, remedy };
}
