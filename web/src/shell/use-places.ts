import { useLocation, useRouter } from '@tanstack/react-router';
import { mayAct, useSession } from '../api/session.ts';
import { NAVIGATION, onlyPlaces, type Place, placesOf, type Section } from '../navigation.ts';

/** Tells whether there is a page at a path. */
function useIsBuilt(): (path: string) => boolean {
  const { routesByPath } = useRouter();
  return (path) => path in routesByPath;
}

/** The navigation as who is signed in sees it. */
export function useSections(): Section[] {
  const isBuilt = useIsBuilt();
  const { role } = useSession().actor;
  return onlyPlaces(NAVIGATION, (place) => isBuilt(place.to) && maySee(place, role));
}

/** The place that the page on the screen belongs to, and whether it may be seen. */
export function useCurrentPlace(): { place: Place | null; isAllowed: boolean } {
  const { pathname } = useLocation();
  const { role } = useSession().actor;
  const found = placesOf(NAVIGATION).find(({ place }) => pathname === place.to || pathname.startsWith(`${place.to}/`));
  const place = found?.place ?? null;
  return { place, isAllowed: place === null || maySee(place, role) };
}

function maySee(place: Place, role: Parameters<typeof mayAct>[0]): boolean {
  return place.role === undefined || mayAct(role, place.role);
}
