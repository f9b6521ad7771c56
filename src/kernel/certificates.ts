import { hash, X509Certificate } from 'node:crypto';
import { messageOf } from './errors.ts';
import { formatInstant } from './instants.ts';

/** What people are told of a certificate. Instants are RFC 3339; `sha256` is the lower-case hex digest of the DER. */
export interface CertificateFacts {
  subject: string;
  issuer: string;
  notBefore: string;
  notAfter: string;
  sha256: string;
}

/** What people are told of a certificate. Pure. */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: certificate.subject.replaceAll('\n', ', '),
    issuer: certificate.issuer.replaceAll('\n', ', '),
    notBefore: formatInstant(certificate.validFromDate.getTime()),
    notAfter: formatInstant(certificate.validToDate.getTime()),
    sha256: hash('sha256', certificate.raw, 'hex'),
  };
}

/** The certificates of a PEM text, or in one sentence why there are none to be had. */
export type PemReading = { certificates: X509Certificate[]; fault: null } | { certificates: null; fault: string };

const BEGIN = '-----BEGIN ';
const DASHES = '-----';

/**
 * Reads a text of one or more certificates in PEM; words around them are allowed, as tools write them. Refuses anything
 * else in PEM, above all private keys, which would otherwise be kept and shown with what is public. Pure.
 * Source: RFC 7468 §2, §5.
 */
export function readCertificates(text: string): PemReading {
  const [, ...pieces] = text.split(BEGIN);
  const certificates: X509Certificate[] = [];
  for (const piece of pieces) {
    const label = piece.slice(0, Math.max(0, piece.indexOf(DASHES)));
    const end = piece.indexOf(`-----END ${label}-----`);
    if (label.endsWith('PRIVATE KEY')) return unreadable('It holds a private key, which has a place of its own.');
    if (label !== 'CERTIFICATE') return unreadable(`It holds ${JSON.stringify(label)} where certificates belong.`);
    if (end === -1) return unreadable('It breaks off within a certificate: "-----END CERTIFICATE-----" is missing.');
    try {
      certificates.push(new X509Certificate(`${BEGIN}${piece.slice(0, end)}-----END CERTIFICATE-----\n`));
    } catch (error) {
      return unreadable(`Its certificate number ${certificates.length + 1} cannot be read: ${messageOf(error)}.`);
    }
  }
  if (certificates.length > 0) return { certificates, fault: null };
  return unreadable('It is not PEM: give the text from "-----BEGIN CERTIFICATE-----" to its end.');
}

function unreadable(fault: string): PemReading {
  return { certificates: null, fault };
}
