import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';

/** A secret as it lies in the database: AES-256-GCM, bound to the place it was sealed for. */
export type Sealed = string;

export interface Sealer {
  /** Names the key without telling it: what was sealed with another cannot be opened. */
  readonly keyId: string;
  /** Seals a text for one place, such as `webhooks/wh_…/signing_secret`; elsewhere it does not open. */
  seal(plain: string, place: string): Sealed;
  /** The text that was sealed. Throws when the key or the place is another, or a byte has changed. */
  open(sealed: Sealed, place: string): string;
}

export const MASTER_KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = 's1';

/** A sealer over a 32-byte master key. The key that seals is derived from it (HKDF-SHA-256, RFC 5869). */
export function createSealer(masterKey: Uint8Array): Sealer {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', 'waybill sealing', MASTER_KEY_BYTES));
  const keyId = hash('sha256', key, 'hex').slice(0, 8);
  return {
    keyId,
    seal(plain, place) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(place));
      const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${FORMAT}.${keyId}.${sealed.toString('base64url')}`;
    },
    open(sealed, place) {
      const [format, sealedBy, text = ''] = sealed.split('.');
      if (format !== FORMAT || sealedBy !== keyId) {
        throw new Error(`The secret at ${place} was sealed with another key (${sealedBy}, this one is ${keyId}).`);
      }
      const bytes = Buffer.from(text, 'base64url');
      const iv = bytes.subarray(0, IV_BYTES);
      // With the length said, a shorter tag, which is easier to forge, is refused.
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(
        Buffer.from(place),
      );
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    },
  };
}
