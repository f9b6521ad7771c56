/** What an API key may do. Each role may do all that the ones before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who is asking. */
export interface Actor {
  /** The API key's id, or `bootstrap` for the key from the settings. */
  id: string;
  name: string;
  role: Role;
}

export function mayAct(actor: Actor, needed: Role): boolean {
  return ROLES.indexOf(actor.role) >= ROLES.indexOf(needed);
}

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1), or null without one. */
export function bearerToken(header: string | undefined): string | null {
  if (header === undefined || !/^bearer /i.test(header)) return null;
  return header.slice('bearer '.length).trim() || null;
}
