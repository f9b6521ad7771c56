import type { Api } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Type } from '../kernel/type.ts';
import type { WebhookDirectory } from './directory.ts';
import { keySetAt } from './key-set.ts';

interface Dependencies {
  directory: WebhookDirectory;
  clock: Clock;
}

/** Short, because after a rotation without overlap the new key is needed at once. */
const CACHE_CONTROL = 'public, max-age=300';

const PublicKey = Type.Object({
  kty: Type.Literal('OKP'),
  crv: Type.Literal('Ed25519'),
  x: Type.String({ description: 'The 32 bytes of the key in base64url.' }),
  use: Type.Literal('sig'),
  alg: Type.Literal('EdDSA'),
  kid: Type.String({ description: 'The thumbprint of the key (RFC 7638).' }),
});

/** The public keys of webhooks that sign with Ed25519, for their receivers. */
export function keySetRoutes(api: Api, { directory, clock }: Dependencies): void {
  api.get(
    '/.well-known/jwks.json',
    {
      schema: {
        summary: 'The public keys that requests of webhooks with the signing scheme ed25519 verify with (RFC 7517)',
        tags: ['Webhooks'],
        response: { 200: Type.Object({ keys: Type.Array(PublicKey) }) },
      },
    },
    async (_request, reply) => {
      return reply.header('cache-control', CACHE_CONTROL).send(keySetAt(directory.list(), clock.now()));
    },
  );
}
