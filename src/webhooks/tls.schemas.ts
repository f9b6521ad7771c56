import { nullable, strictObject } from '../http/index.ts';
import { Type } from '../kernel/type.ts';

const MAX_PEM = 256 * 1024;
const MAX_KEY_PEM = 16 * 1024;

const Pem = (description: string) => nullable(Type.String({ minLength: 1, maxLength: MAX_PEM, description }));

const members = {
  caPem: Pem(
    "Certificates in PEM that are trusted beside the system's roots: of authorities, or the receiver's own self-signed one.",
  ),
  pinnedSha256: nullable(
    Type.String({
      maxLength: 200,
      description:
        "SHA-256 of the receiver's certificate (its DER) in lower-case hex. That one is trusted, whatever else may be wrong with it, and no other.",
    }),
  ),
  clientCertPem: Pem('What is shown to a receiver that asks for a client certificate: ours first, then its issuers.'),
  clientKeyPem: Type.Unsafe<string | { set: true } | null>({
    type: ['string', 'object', 'null'],
    minLength: 1,
    maxLength: MAX_KEY_PEM,
    properties: { set: { const: true } },
    required: ['set'],
    additionalProperties: false,
    description:
      'The key of the client certificate in PEM, not encrypted. Write-only: a read shows `{ "set": true }`; sending that back keeps it.',
  }),
  insecureSkipVerify: Type.Boolean({
    description: 'Takes any certificate, unless one is pinned: whoever is in between can read and change everything.',
  }),
};

/** TLS options as a body gives them: what is left out is inherited. */
export const TlsSchema = Type.Partial(strictObject(members), { additionalProperties: false });

/** TLS options in force. */
export const TlsAnswer = Type.Object(members);
