/** What a caller may do. Each role may do all that the ones before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What an actor can be: a person, or a program with an API key. */
export const ACTOR_KINDS = ['user', 'api_key'] as const;

/** Who is asking. */
export interface Actor {
  kind: (typeof ACTOR_KINDS)[number];
  /** The user's or the API key's id, or `bootstrap` for the key from the settings. */
  id: string;
  name: string;
  /** A user's; null for an API key. */
  email: string | null;
  role: Role;
}

/** Where an actor has signed in. */
export interface CallerSession {
  id: string;
  /** What the pages of this session, and nobody else's, send along with whatever changes something. */
  csrfToken: string;
  /** When it ends unless it is used again before. */
  expiresAt: number;
}

/** An actor, and the session that a request came with: null for an API key. */
export interface Caller {
  actor: Actor;
  session: CallerSession | null;
}

export function mayAct(actor: Actor, needed: Role): boolean {
  return ROLES.indexOf(actor.role) >= ROLES.indexOf(needed);
}
