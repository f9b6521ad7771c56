import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';

/** A secret as it lies in the database: AES-256-GCM, bound to the place it was sealed for, with the name of its key. */
export type Sealed = string;

export interface Sealer {
  /** Names the key that seals, without telling it. */
  readonly keyId: string;
  /** Seals a text for one place, such as `webhooks/wh_…/signing_secret`; elsewhere it does not open. */
  seal(plain: string, place: string): Sealed;
  /** The text that was sealed. Throws when its key is not here, the place is another, or a byte has changed. */
  open(sealed: Sealed, place: string): string;
  /** The same secret, sealed with the key that seals; unchanged where it is that already. Throws as `open` does. */
  reseal(sealed: Sealed, place: string): Sealed;
}

/** 32 bytes each. The first seals, and all of them open. */
export type MasterKeys = readonly [Uint8Array, ...Uint8Array[]];

/** A sealer that knows several master keys, as it must while one of them takes the place of another. */
export interface Keyring extends Sealer {
  /** The names of its keys, that of the one that seals first. */
  readonly keyIds: readonly string[];
  /** Goes on with these keys and forgets those it had. */
  adopt(masterKeys: MasterKeys): void;
}

export const MASTER_KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = 's1';

/** A sealer over master keys. What seals are keys derived from them (HKDF-SHA-256, RFC 5869). */
export function createKeyring(masterKeys: MasterKeys): Keyring {
  let keys = new Map<string, Buffer>();
  let keyId = '';
  adopt(masterKeys);

  function adopt(adopted: MasterKeys): void {
    const derived = adopted.map(deriveKey);
    keys = new Map(derived.map((key) => [nameOf(key), key]));
    keyId = nameOf(derived[0] as Buffer);
  }

  function seal(plain: string, place: string): Sealed {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', keys.get(keyId) as Buffer, iv).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${FORMAT}.${keyId}.${sealed.toString('base64url')}`;
  }

  function open(sealed: Sealed, place: string): string {
    const [format, sealedBy = '', text = ''] = sealed.split('.');
    const key = format === FORMAT ? keys.get(sealedBy) : undefined;
    if (key === undefined) {
      const known = [...keys.keys()].join(', ');
      throw new Error(`The secret at ${place} was sealed with another key (${sealedBy}; here there is ${known}).`);
    }
    const bytes = Buffer.from(text, 'base64url');
    const iv = bytes.subarray(0, IV_BYTES);
    // With the length said, a shorter tag, which is easier to forge, is refused.
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }

  return {
    get keyId() {
      return keyId;
    },
    get keyIds() {
      return [...keys.keys()];
    },
    adopt,
    seal,
    open,
    reseal: (sealed, place) => (sealedWith(sealed) === keyId ? sealed : seal(open(sealed, place), place)),
  };
}

/** The name of the key that a secret was sealed with. */
export function sealedWith(sealed: Sealed): string {
  return sealed.split('.', 2)[1] ?? '';
}

function deriveKey(masterKey: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', 'waybill sealing', MASTER_KEY_BYTES));
}

function nameOf(key: Buffer): string {
  return hash('sha256', key, 'hex').slice(0, 8);
}

/** One sealed text in the place of another. */
export interface Replacement {
  from: Sealed;
  to: Sealed;
}

/** The text with each sealed text replaced. They are random, so nothing else in it can look like one. Pure. */
export function withReplacements(text: string, replacements: readonly Replacement[]): string {
  return replacements.reduce((replaced, { from, to }) => replaced.replaceAll(from, to), text);
}
