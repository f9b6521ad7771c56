import { kinds, strictObject } from '../http/index.ts';
import { Type } from '../kernel/type.ts';

/** How requests are signed, as bodies give it and reads show it. */
export const SigningSchema = kinds(
  'scheme',
  strictObject({ scheme: Type.Enum(['standard', 'ed25519', 'none']) }),
  strictObject({
    scheme: Type.Enum(['github', 'gomft']),
    headerName: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'In place of `X-Hub-Signature-256` (github) or `X-GoMFT-Signature` (gomft).',
      }),
    ),
  }),
);
