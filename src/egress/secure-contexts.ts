import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { TlsSettings } from './tls-settings.ts';

const MIN_VERSION = 'TLSv1.2';

/** One with authorities of its own holds all the system's roots anew: 30 ms and a megabyte. */
const MAX_CONTEXTS = 100;

/**
 * Hands out what TLS connections are made with: one object for everybody, and one for each of the settings that differ,
 * made when it is first asked for. Beyond a hundred the one used longest ago is made again.
 */
export function createSecureContexts(): (settings: TlsSettings | null) => SecureContext {
  const everybodys = createSecureContext({ minVersion: MIN_VERSION });
  const own = new Map<string, SecureContext>();

  return (settings) => {
    if (settings === null) return everybodys;
    const context = own.get(settings.key) ?? contextOf(settings);
    own.delete(settings.key);
    own.set(settings.key, context);
    const [oldest] = own.keys();
    if (own.size > MAX_CONTEXTS && oldest !== undefined) own.delete(oldest);
    return context;
  };
}

function contextOf({ caPem, clientCertPem, clientKeyPem }: TlsSettings): SecureContext {
  return createSecureContext({
    minVersion: MIN_VERSION,
    // The option replaces the roots. A certificate given here is trusted itself, also where it is not at the end of a chain.
    ...(caPem === null ? {} : { ca: [...getCACertificates('default'), caPem], allowPartialTrustChain: true }),
    ...(clientCertPem === null || clientKeyPem === null ? {} : { cert: clientCertPem, key: clientKeyPem }),
  });
}
