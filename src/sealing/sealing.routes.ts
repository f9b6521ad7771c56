import { type Api, NoBody } from '../http/index.ts';
import { Type } from '../kernel/type.ts';
import type { Rotate } from './rotation.ts';

export function sealingRoutes(api: Api, { rotate }: { rotate: Rotate }): void {
  api.post(
    '/api/v1/keys/rotate',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Seal every secret with a new master key, or finish doing so where it was broken off',
        tags: ['Master key'],
        body: NoBody,
        response: {
          200: Type.Object({
            keyId: Type.String({
              description: 'Names the key that every secret is sealed with now. It is not the key.',
            }),
          }),
        },
      },
    },
    async (request) => rotate(request.once),
  );
}
