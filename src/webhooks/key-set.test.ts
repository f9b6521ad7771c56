import { expect, test } from 'vitest';
import { publicKeyText } from './key-set.ts';
import { signingKeyOf } from './signing-keys.ts';

test('the Ed25519 key of a secret is the same for ever: receivers keep the public one', () => {
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  // Derived with OpenSSL and with Python: HKDF-SHA-256 without salt, info "waybill ed25519".
  expect(publicKeyText(signingKeyOf('ed25519', secret))).toBe('whpk_mIwNn2BtlAys43dKVf6juHJheOoyCKCBj6OILRkZKLo=');
});
