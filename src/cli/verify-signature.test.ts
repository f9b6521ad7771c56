import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { SetupError } from '../kernel/errors.ts';
import { parseSigningSecret, type SignatureVerdict, verdictLine, verifySignature } from './verify-signature.ts';

const NOW = Date.parse('2025-01-31T12:00:00.400Z');
const ID = 'evt_01jjyx3v4fehzr8k6b1p9t2q7w';

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
    parseSigningSecret(verifiedWith),
    NOW,
  );
}

describe('a signature made by the reference library', () => {
  test('is valid with the same secret', () => {
    expect(deliver({ signedWith: newSecret() })).toEqual({ verdict: 'valid' });
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
      expect(deliver({ signedWith: secret, alter })).toEqual({ verdict: 'valid' });
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
    expect(verifySignature({ headers: {}, body: Buffer.of() }, parseSigningSecret(newSecret()), NOW)).toEqual({
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

  test('is wrong when only another scheme signed it', () => {
    const alter = (headers: Record<string, string>) => {
      headers['webhook-signature'] =
        'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM';
    };
    expect(verdictLine(deliver({ signedWith: newSecret(), alter }))).toBe(
      'signature: wrong, webhook-signature holds no signature of the scheme v1',
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
