import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { SetupError } from './errors.ts';
import { parseSigningSecret, type SignatureVerdict, verdictLine, verifySignature } from './verify-signature.ts';

const NOW = Date.parse('2025-01-31T12:00:00.400Z');
const ID = 'evt_01jjyx3v4fehzr8k6b1p9t2q7w';

const NO_KEYS = { secret: null, publicKeys: [], ownHeader: null };

function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** Signs with the reference library and verifies with ours. */
function deliver(options: {
  signedWith: string;
  verifiedWith?: string;
  body?: string;
  sentAt?: number;
  alter?: (headers: Record<string, string>) => void;
  arrivesAs?: string;
}): SignatureVerdict {
  const { signedWith, verifiedWith = signedWith, body = '{"a":"ü"}', sentAt = NOW } = options;
  const at = new Date(sentAt);
  const headers: Record<string, string> = {
    'webhook-id': ID,
    'webhook-timestamp': String(Math.floor(sentAt / 1000)),
    'webhook-signature': new Webhook(signedWith).sign(ID, at, body),
  };
  options.alter?.(headers);
  return verifySignature(
    { headers, body: Buffer.from(options.arrivesAs ?? body) },
    { ...NO_KEYS, secret: parseSigningSecret(verifiedWith) },
    NOW,
  );
}

describe('a signature made by the reference library', () => {
  test('is valid with the same secret', () => {
    expect(deliver({ signedWith: newSecret() })).toEqual({ verdict: 'valid', scheme: 'standard' });
  });

  test('is valid with the same secret written without its prefix', () => {
    const secret = newSecret();
    expect(deliver({ signedWith: secret, verifiedWith: secret.slice('whsec_'.length) }).verdict).toBe('valid');
  });

  test('is wrong with another secret', () => {
    expect(verdictLine(deliver({ signedWith: newSecret(), verifiedWith: newSecret() }))).toBe(
      'signature: wrong, it was made with another secret, or the request was changed on the way',
    );
  });

  test('is wrong when one byte of the body changed', () => {
    expect(deliver({ signedWith: newSecret(), arrivesAs: '{"a":"u"}' }).verdict).toBe('wrong');
  });

  test('is wrong when the body was parsed and written again', () => {
    expect(deliver({ signedWith: newSecret(), body: '{ "a": 1 }', arrivesAs: '{"a":1}' }).verdict).toBe('wrong');
  });

  test('is wrong when the id was exchanged', () => {
    const alter = (headers: Record<string, string>) => {
      headers['webhook-id'] = 'evt_another';
    };
    expect(deliver({ signedWith: newSecret(), alter }).verdict).toBe('wrong');
  });

  test('is valid up to five minutes from now and wrong beyond, either way', () => {
    const signedWith = newSecret();
    const verdictAt = (offsetS: number) => deliver({ signedWith, sentAt: NOW + offsetS * 1000 });
    expect(verdictAt(-300).verdict).toBe('valid');
    expect(verdictAt(300).verdict).toBe('valid');
    expect(verdictLine(verdictAt(-301))).toBe(
      'signature: wrong, webhook-timestamp is 301 seconds old, and more than 5 minutes are not accepted',
    );
    expect(verdictLine(verdictAt(301))).toBe(
      'signature: wrong, webhook-timestamp is 301 seconds in the future, and more than 5 minutes are not accepted',
    );
  });
});

describe('several signatures, as during a rotation', () => {
  test('are valid when any one of them matches, wherever it stands', () => {
    const secret = newSecret();
    const other = new Webhook(newSecret()).sign(ID, new Date(NOW), '{"a":"ü"}');
    for (const place of ['before', 'after']) {
      const alter = (headers: Record<string, string>) => {
        const ours = headers['webhook-signature'];
        headers['webhook-signature'] = place === 'before' ? `${ours} ${other}` : `v1a,abc ${other} ${ours}`;
      };
      expect(deliver({ signedWith: secret, alter })).toEqual({ verdict: 'valid', scheme: 'standard' });
    }
  });

  test('are wrong when none matches', () => {
    const alter = (headers: Record<string, string>) => {
      headers['webhook-signature'] = 'v1,AAAA v1, v1';
    };
    expect(deliver({ signedWith: newSecret(), alter }).verdict).toBe('wrong');
  });
});

describe('a request that is not signed as the standard says', () => {
  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('is wrong without %s, and says so', (name) => {
    const alter = (headers: Record<string, string>) => {
      delete headers[name];
    };
    expect(verdictLine(deliver({ signedWith: newSecret(), alter }))).toBe(`signature: wrong, no header ${name}`);
  });

  test('is wrong without any of the headers, and names all three', () => {
    const keys = { ...NO_KEYS, secret: parseSigningSecret(newSecret()) };
    expect(verifySignature({ headers: {}, body: Buffer.of() }, keys, NOW)).toEqual({
      verdict: 'wrong',
      reason: 'no header webhook-id, webhook-timestamp, webhook-signature',
    });
  });

  test.each(['', ' ', 'today', '-5', '1e9', '1738324800.5', '99999999999999999999'])(
    'is wrong with the timestamp "%s"',
    (timestamp) => {
      const alter = (headers: Record<string, string>) => {
        headers['webhook-timestamp'] = timestamp;
      };
      expect(deliver({ signedWith: newSecret(), alter }).verdict).toBe('wrong');
    },
  );

  test('is wrong when only unknown schemes signed it', () => {
    const alter = (headers: Record<string, string>) => {
      headers['webhook-signature'] = 'v2,AAAA v1b,AAAA';
    };
    expect(verdictLine(deliver({ signedWith: newSecret(), alter }))).toBe(
      'signature: wrong, webhook-signature holds no signature of the scheme v1 or v1a',
    );
  });
});

describe('a signature of the scheme ed25519', () => {
  const [ours, others] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
  const [id, timestamp, body] = [ID, String(Math.floor(NOW / 1000)), Buffer.from('{"a":"ü"}')];
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const signature = `v1a,${sign(null, content, ours.privateKey).toString('base64')}`;
  const request = (signatures: string, arrived: Buffer = body) => ({
    headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures },
    body: arrived,
  });
  const secret = parseSigningSecret(newSecret());

  test('is valid with its public key, among other keys and other signatures', () => {
    const publicKeys = [others.publicKey, ours.publicKey];
    for (const signatures of [signature, `v1a,AAAA v1,AAAA ${signature}`]) {
      const verdict = verifySignature(request(signatures), { ...NO_KEYS, secret, publicKeys }, NOW);
      expect(verdictLine(verdict)).toBe('signature: valid (ed25519)');
    }
  });

  test('is wrong with another key, and when the body has changed', () => {
    const why = 'signature: wrong, it was made with another key, or the request was changed on the way';
    const verdictWith = (key: KeyObject, arrived?: Buffer) =>
      verdictLine(verifySignature(request(signature, arrived), { ...NO_KEYS, publicKeys: [key] }, NOW));
    expect(verdictWith(others.publicKey)).toBe(why);
    expect(verdictWith(ours.publicKey, Buffer.from('{}'))).toBe(why);
  });

  test('is not checked without a public key, nor is v1 without a secret: the verdict says what is missing', () => {
    expect(verdictLine(verifySignature(request(signature), { ...NO_KEYS, secret }, NOW))).toBe(
      'signature: not checked, it is of the scheme ed25519 (v1a), and no public key was given',
    );
    const publicKeys = [ours.publicKey];
    expect(verdictLine(verifySignature(request('v1,AAAA'), { ...NO_KEYS, publicKeys }, NOW))).toBe(
      'signature: not checked, it is of the scheme standard (v1), and no secret was given',
    );
  });
});

describe('a signature of the schemes github and gomft', () => {
  const text = newSecret();
  const secret = parseSigningSecret(text);
  const body = Buffer.from('{"a":"ü"}');
  const hex = (key: string): string => createHmac('sha256', key).update(body).digest('hex');
  const verdictOn = (headers: Record<string, string>, keys: object = {}) =>
    verdictLine(verifySignature({ headers, body }, { ...NO_KEYS, secret, ...keys }, NOW));

  test.each([
    ['github', { 'x-hub-signature-256': `sha256=${hex(text)}` }, null],
    ['gomft', { 'x-gomft-signature': hex(text) }, null],
    ['github', { 'x-sig': `sha256=${hex(text)}` }, 'x-sig'],
    ['gomft', { 'x-sig': hex(text) }, 'x-sig'],
    [
      'github',
      { 'x-hub-signature-256': `sha256=${hex('new')}`, 'x-hub-signature-256-previous': `sha256=${hex(text)}` },
      null,
    ],
    ['gomft', { 'x-gomft-signature': hex('new'), 'x-gomft-signature-previous': hex(text) }, null],
  ])('is valid with the secret as it is shown, and says %s: %j', (scheme, headers, ownHeader) => {
    expect(verdictOn(headers, { ownHeader })).toBe(`signature: valid (${scheme})`);
  });

  test('is wrong with another secret, and when it is none', () => {
    const tampered = 'signature: wrong, it was made with another secret, or the request was changed on the way';
    expect(verdictOn({ 'x-hub-signature-256': `sha256=${hex('other')}` })).toBe(tampered);
    expect(verdictOn({ 'x-gomft-signature': 'f'.repeat(63) })).toBe(
      'signature: wrong, x-gomft-signature holds no signature',
    );
    expect(verdictOn({ 'x-sig': hex(text) })).toBe(
      'signature: wrong, no header webhook-id, webhook-timestamp, webhook-signature',
    );
  });

  test('is not checked with nothing but a public key', () => {
    const publicKeys = [generateKeyPairSync('ed25519').publicKey];
    expect(verdictOn({ 'x-gomft-signature': hex(text) }, { secret: null, publicKeys })).toBe(
      'signature: not checked, it is of the scheme gomft, and no secret was given',
    );
  });
});

describe('a signing secret', () => {
  test.each(['', 'whsec_', 'whsec_not base64!', 'hunter2-hunter2', 'whsec_YWJj*'])('is refused as "%s"', (secret) => {
    expect(() => parseSigningSecret(secret)).toThrow(SetupError);
  });

  test('that is refused is not repeated in the message', () => {
    expect(() => parseSigningSecret('whsec_hunter2!')).toThrow(expect.not.stringContaining('hunter2'));
  });
});
