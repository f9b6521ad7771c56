/** How a webhook's requests are signed. `headerName` renames the header of a scheme that has one of its own. */
export type Signing = { scheme: 'standard' | 'ed25519' | 'none' } | { scheme: 'github' | 'gomft'; headerName?: string };

export type SigningScheme = Signing['scheme'];

/** The header of each scheme that has one of its own. The others use `webhook-signature`, or none at all. */
const OWN_HEADERS = { github: 'x-hub-signature-256', gomft: 'x-gomft-signature' } as const;

/**
 * The header that a scheme of its own puts its one signature into, and the one for that of the secret before while a
 * rotation overlaps; both in lower case. Null where signatures go into `webhook-signature`, or nowhere. Pure.
 */
export function ownSignatureHeaders(signing: Signing): { current: string; previous: string } | null {
  if (signing.scheme !== 'github' && signing.scheme !== 'gomft') return null;
  const current = (signing.headerName ?? OWN_HEADERS[signing.scheme]).toLowerCase();
  return { current, previous: `${current}-previous` };
}
