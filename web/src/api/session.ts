import { queryOptions, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { api, dataOf } from './client.ts';
import { credentials, isExpired, signedInAgain } from './credentials.ts';
import { Problem } from './problem.ts';
import type { paths } from './schema.d.ts';

export type Session = paths['/api/v1/session']['get']['responses'][200]['content']['application/json'];
export type Role = Session['actor']['role'];

export const ROLES = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];

/** Who is signed in in this browser; null: nobody. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: Number.POSITIVE_INFINITY,
  async queryFn({ client, queryKey }): Promise<Session | null> {
    try {
      return enter(await dataOf(api.GET('/api/v1/session')));
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      if (!client.getQueryData(queryKey)) return null;
      // The page is of somebody who was signed in: it stays until they are again.
      await signedInAgain();
      return client.getQueryData<Session>(queryKey) ?? null;
    }
  },
});

/** Whether a role may do what another one may, as the API decides it too. */
export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Who is signed in, on pages that are shown to nobody else. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery);
  if (data === null) throw new Error('This page is for those who are signed in.');
  return data;
}

/** Whether who is signed in may do what needs that role. */
export function useMay(needed: Role): boolean {
  return mayAct(useSession().actor.role, needed);
}

/** Verbs that begin and end a session, and tell every part of the page. */
export function useSigningIn() {
  const queries = useQueryClient();

  function begin(session: Session): void {
    queries.setQueryData(sessionQuery.queryKey, enter(session));
    isExpired.set(false);
  }

  return {
    begin,
    async signIn(email: string, password: string): Promise<void> {
      begin(await dataOf(api.POST('/api/v1/session', { body: { email, password } })));
    },
    /** Ends the session, leaves its pages, and forgets all that they have read. */
    async signOut(leave: () => Promise<unknown>): Promise<void> {
      await dataOf(api.DELETE('/api/v1/session'));
      await leave();
      credentials.set(null);
      queries.clear();
    },
  };
}

function enter(session: Session): Session {
  credentials.set({ actorId: session.actor.id, csrfToken: session.csrfToken });
  return session;
}
