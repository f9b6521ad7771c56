import { createObservable } from './observable.ts';

/** Whose session it is, and what every unsafe request in it must bear. */
export interface Credentials {
  actorId: string;
  csrfToken: string | null;
}

/** Null while nobody is signed in. */
export const credentials = createObservable<Credentials | null>(null);

/** Whether the session ended while its page was open: somebody must sign in again before anything goes on. */
export const isExpired = createObservable(false);

/** Resolves when somebody has signed in again. Until then the sign-in dialog is open, over whatever is on the screen. */
export function signedInAgain(): Promise<void> {
  isExpired.set(true);
  return new Promise((resolve) => {
    const stop = isExpired.watch(() => {
      if (isExpired.get()) return;
      stop();
      resolve();
    });
  });
}
