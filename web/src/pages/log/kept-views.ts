import { createObservable, useObservable } from '../../api/observable.ts';
import { readViews, type View } from './views.ts';

const KEPT_AS = 'waybill.views';

const views = createObservable<readonly View[]>(readKept());

// Another tab has changed them.
window.addEventListener('storage', () => views.set(readKept()));

/** The views that people have saved in this browser. */
export function useKeptViews(): readonly View[] {
  return useObservable(views);
}

/** Keeps these views from now on; false where the browser does not, and then nothing has changed. */
export function keepViews(wanted: readonly View[]): boolean {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(wanted));
  } catch {
    return false;
  }
  views.set(wanted);
  return true;
}

/** A browser may refuse to keep anything, and to be asked. */
function readKept(): View[] {
  try {
    return readViews(localStorage.getItem(KEPT_AS));
  } catch {
    return [];
  }
}
