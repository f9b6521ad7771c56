import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const OPENSSL = 'openssl';

/** A certificate and its key, both in PEM. */
export interface KeyPair {
  key: string;
  cert: string;
}

export interface CertificateOptions {
  /** The common name. */
  name?: string;
  altName?: string;
  /** Valid from now on for so many days; before 0: expired. */
  days?: number;
  /** Who signs it; itself where nobody does. */
  issuer?: KeyPair;
  isAuthority?: boolean;
}

/** Whether certificates can be made on this machine. */
export const hasOpenssl: boolean = (() => {
  try {
    execFileSync(OPENSSL, ['version']);
    return true;
  } catch {
    return false;
  }
})();

/** A new certificate with a key of its own, self-signed and valid for a day for hooks.example.com unless said otherwise. */
export function makeCertificate(options: CertificateOptions = {}): KeyPair {
  const { name = 'hooks.example.com', altName = `DNS:${name}`, days = 1, issuer, isAuthority = false } = options;
  const folder = mkdtempSync(join(tmpdir(), 'waybill-tls-'));
  const file = (what: string, content?: string): string => {
    const path = join(folder, what);
    if (content !== undefined) writeFileSync(path, content);
    return path;
  };
  const run = (...args: string[]): Buffer => execFileSync(OPENSSL, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [key, request, cert] = [file('key.pem'), file('request.pem'), file('cert.pem')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    run('req', ...kind, '-subj', `/O=Example/CN=${name}`, '-keyout', key, '-out', request);
    const extensions = `subjectAltName=${altName}\nbasicConstraints=critical,CA:${isAuthority ? 'TRUE' : 'FALSE'}\n`;
    const signedBy =
      issuer === undefined
        ? ['-signkey', key]
        : ['-CA', file('ca.pem', issuer.cert), '-CAkey', file('ca.key', issuer.key), '-set_serial', serial()];
    const rest = ['-days', String(days), '-extfile', file('extensions', extensions), '-out', cert];
    run('x509', '-req', '-in', request, ...signedBy, ...rest);
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The key, encrypted with a passphrase. */
export function encryptedKey({ key }: KeyPair): string {
  return execFileSync(OPENSSL, ['pkey', '-aes256', '-passout', 'pass:secret'], { input: key }).toString();
}

/** What a certificate is pinned by. */
export function pinOf({ cert }: KeyPair): string {
  return createHash('sha256').update(new X509Certificate(cert).raw).digest('hex');
}

let serials = 1;

function serial(): string {
  serials += 1;
  return String(serials);
}
