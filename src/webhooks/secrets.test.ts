import { expect, test } from 'vitest';
import type { WebhookId } from '../kernel/ids.ts';
import { createKeyring, sealedWith } from '../kernel/sealing.ts';
import { openAuth, openSigningSecret, sealAuth, sealedSecretsOf, sealSigningSecret } from './secrets.ts';

const ID: WebhookId = 'wh_01kaksw1ajfhztdf5v7dd9zz00';
const old = createKeyring([Buffer.alloc(32, 1)]);
const both = createKeyring([Buffer.alloc(32, 2), Buffer.alloc(32, 1)]);

test('a secret that is kept is sealed with the newest key, so that no change brings the old one back', () => {
  const before = sealAuth({ type: 'bearer', token: 'hidden' }, null, ID, old);
  const kept = sealAuth({ type: 'bearer', token: { set: true } }, openAuth(before, ID, both), ID, both);
  expect(sealedWith((kept as { token: string }).token)).toBe(both.keyId);
  expect(openAuth(kept, ID, both)).toEqual({ type: 'bearer', token: 'hidden' });
});

test.each([
  ['none', {}, []],
  ['basic', { username: 'u', password: 'p' }, ['p']],
  ['bearer', { token: 't' }, ['t']],
  ['api_key', { name: 'X-Key', value: 'v', in: 'header' }, ['v']],
  ['oauth2', { tokenUrl: 'https://auth.example.com/', clientId: 'c', clientSecret: 's' }, ['s']],
] as const)(
  'every secret of a webhook with %s auth is found, at the place where it opens',
  (type, members, secrets) => {
    const auth = sealAuth({ type, ...members } as Parameters<typeof sealAuth>[0], null, ID, old);
    const record = {
      id: ID,
      config: { auth },
      signingSecret: sealSigningSecret('current', ID, old),
      previousSecret: { sealed: sealSigningSecret('previous', ID, old), expiresAt: 0 },
    };
    const opened = (found: ReturnType<typeof sealedSecretsOf>) =>
      found.map(({ sealed, place }) => old.open(sealed, place));
    expect(opened(sealedSecretsOf(record))).toEqual(['current', 'previous', ...secrets]);
    expect(opened(sealedSecretsOf({ ...record, config: {}, previousSecret: null }))).toEqual(['current']);
    expect(openSigningSecret(record.previousSecret.sealed, ID, old)).toBe('previous');
  },
);
