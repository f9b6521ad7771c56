import { createPrivateKey, hash, type KeyObject, type X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { factsOf, readCertificates } from '../kernel/certificates.ts';
import { messageOf } from '../kernel/errors.ts';

/** How TLS is to be spoken, where it is not to be spoken as with everybody. */
export interface TlsOptions {
  /** Certificates that are trusted beside the system's roots: authorities, or the receiver's own. */
  caPem: string | null;
  /** The SHA-256 of the receiver's certificate (its DER) in lower-case hex: that one is trusted, and no other. */
  pinnedSha256: string | null;
  /** What we show when a receiver asks who we are: our certificate, then those between it and its root. */
  clientCertPem: string | null;
  clientKeyPem: string | null;
  /** Takes any certificate, unless one is pinned. */
  insecureSkipVerify: boolean;
}

/** Options that differ from everybody's. `key` stands for all of them: the same options have the same key. */
export interface TlsSettings extends TlsOptions {
  key: string;
}

/** The settings that options come to, or null where they are everybody's. */
export function tlsSettings(options: TlsOptions): TlsSettings | null {
  const { caPem, pinnedSha256, clientCertPem, clientKeyPem, insecureSkipVerify } = options;
  const all = [caPem, pinnedSha256, clientCertPem, clientKeyPem, insecureSkipVerify];
  if (!all.some((value) => value !== null && value !== false)) return null;
  const key = hash('sha256', JSON.stringify(all), 'base64url');
  return { caPem, pinnedSha256, clientCertPem, clientKeyPem, insecureSkipVerify, key };
}

/** The option at fault, and what to do about it in a sentence or two. */
export interface TlsFault {
  member: keyof TlsOptions;
  message: string;
}

/** When options are judged, and those before them: what expired while it was in use is not held against a change. */
export interface TlsJudgement {
  now: number;
  before: TlsOptions | null;
}

/** Says what is wrong with TLS options, or null when they can be used. Epoch milliseconds. */
export function judgeTls(options: TlsOptions, judgement: TlsJudgement): TlsFault | null {
  return (
    judgePin(options.pinnedSha256) ??
    judgeCertificates('caPem', options, judgement) ??
    judgeCertificates('clientCertPem', options, judgement) ??
    judgeKey(options)
  );
}

const SHA256_HEX = /^[0-9a-f]{64}$/;

function judgePin(pin: string | null): TlsFault | null {
  if (pin === null || SHA256_HEX.test(pin)) return null;
  const plain = pin.replaceAll(/[\s:]/g, '').toLowerCase();
  const remedy = SHA256_HEX.test(plain)
    ? `Write it without colons and in lower case: ${plain}.`
    : 'A connection test shows it as `certificate.sha256`.';
  return {
    member: 'pinnedSha256',
    message: `Must be the SHA-256 of the receiver's certificate in 64 lower-case hex digits. ${remedy}`,
  };
}

function judgeCertificates(
  member: 'caPem' | 'clientCertPem',
  options: TlsOptions,
  { now, before }: TlsJudgement,
): TlsFault | null {
  const pem = options[member];
  if (pem === null) return null;
  const { certificates, fault } = readCertificates(pem);
  if (fault !== null) return { member, message: fault };
  if (pem === before?.[member]) return null;
  const expired = certificates.find(({ validToDate }) => validToDate.getTime() <= now);
  if (expired !== undefined) return { member, message: expiredInWords(expired) };
  return member === 'caPem' ? judgeUse(member, { ca: pem }) : null;
}

function expiredInWords(certificate: X509Certificate): string {
  const { subject, notAfter } = factsOf(certificate);
  return `The certificate of ${JSON.stringify(subject)} expired at ${notAfter}. Give one that is valid.`;
}

function judgeKey({ clientCertPem, clientKeyPem }: TlsOptions): TlsFault | null {
  if (clientCertPem === null && clientKeyPem === null) return null;
  if (clientCertPem === null) {
    return { member: 'clientCertPem', message: 'A client key is of no use without its certificate: give both.' };
  }
  if (clientKeyPem === null) {
    return { member: 'clientKeyPem', message: 'A client certificate is of no use without its key: give both.' };
  }
  const { key, fault } = readPrivateKey(clientKeyPem);
  if (fault !== null) return { member: 'clientKeyPem', message: fault };
  const [own, ...others] = readCertificates(clientCertPem).certificates ?? [];
  if (own?.checkPrivateKey(key) === true) return judgeUse('clientCertPem', { cert: clientCertPem, key: clientKeyPem });
  if (others.some((other) => other.checkPrivateKey(key))) {
    return { member: 'clientCertPem', message: 'The certificate that the key belongs to must be the first one.' };
  }
  return {
    member: 'clientKeyPem',
    message: 'This key does not belong to the certificate in clientCertPem. Give the key that it was made with.',
  };
}

type KeyReading = { key: KeyObject; fault: null } | { key: null; fault: string };

function readPrivateKey(pem: string): KeyReading {
  if (pem.includes('ENCRYPTED')) {
    const fault = 'The key is encrypted. Give it without a passphrase (openssl pkey -in key.pem); it is sealed here.';
    return { key: null, fault };
  }
  try {
    return { key: createPrivateKey(pem), fault: null };
  } catch {
    const fault = 'This is no private key in PEM: give the text from "-----BEGIN PRIVATE KEY-----" to its end.';
    return { key: null, fault };
  }
}

/** What only the TLS library itself notices, such as a key that is too small for it. */
function judgeUse(member: keyof TlsOptions, context: { ca: string } | { cert: string; key: string }): TlsFault | null {
  try {
    createSecureContext(context);
    return null;
  } catch (error) {
    return { member, message: `The TLS library refuses it: ${messageOf(error)}.` };
  }
}
