import { useRef } from 'react';

/**
 * Makes keys for requests that must not have their effect twice: the same request has the same key while the component
 * is on the screen, so whoever sends it again because no answer came does no harm.
 */
export function useOnceKeys(): (request: object) => { 'Idempotency-Key': string } {
  const keys = useRef(new Map<string, string>());
  return (request) => {
    const text = JSON.stringify(request);
    const key = keys.current.get(text) ?? newKey();
    keys.current.set(text, key);
    return { 'Idempotency-Key': key };
  };
}

/** `crypto.randomUUID` is there over https only. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
