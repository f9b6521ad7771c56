import { lookup } from 'node:dns/promises';

export interface ResolvedAddress {
  address: string;
  family: number;
}

/** Finds every address of a host name, in the order in which they are to be tried. Rejects when there is none. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** The system's resolver, which reads `/etc/hosts` too, in the order it gives. Source: Node docs, `dns.lookup`. */
export const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true, order: 'verbatim' });

/**
 * Lets everyone who asks for a name while it is being looked up share that one answer; nothing is kept afterwards.
 * The system's resolver occupies one of libuv's few threads for as long as it waits, so that one name whose servers
 * never answer would otherwise stop all the others.
 */
export function shareLookups(resolve: Resolve): Resolve {
  const underway = new Map<string, Promise<readonly ResolvedAddress[]>>();
  return (hostname) => {
    const shared = underway.get(hostname);
    if (shared !== undefined) return shared;
    const answer = resolve(hostname).finally(() => underway.delete(hostname));
    underway.set(hostname, answer);
    return answer;
  };
}
