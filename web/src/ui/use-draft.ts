import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';

/** For how long nothing must be typed before it is sent. */
const PAUSE_MS = 300;

/**
 * A value while it is typed, and how to change it: it is sent when typing stops. A change from elsewhere, such as the
 * browser's way back, replaces what was typed.
 */
export function useDraft<T>(value: T, send: (value: T) => void): [draft: T, change: (draft: T) => void] {
  const [draft, setDraft] = useState(value);
  const [sent, setSent] = useState(value);
  const [seen, setSeen] = useState(value);
  if (!Object.is(value, seen)) {
    setSeen(value);
    if (!Object.is(value, sent)) {
      setDraft(value);
      setSent(value);
    }
  }
  const sendLater = useDebouncedCallback((wanted: T) => {
    setSent(wanted);
    send(wanted);
  }, PAUSE_MS);

  function change(next: T): void {
    setDraft(next);
    sendLater(next);
  }
  return [draft, change];
}
