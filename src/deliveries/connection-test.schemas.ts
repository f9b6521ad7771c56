import { nullable } from '../http/index.ts';
import { Type } from '../kernel/type.ts';

const Headers = Type.Record(Type.String(), Type.String());
const Ms = nullable(Type.Number());

/** The answer to a connection test: a `TestReport`. */
export const TestAnswer = Type.Object({
  ok: Type.Boolean({ description: 'Whether the receiver took it.' }),
  request: Type.Object({ method: Type.String(), url: Type.String(), headers: Headers, body: Type.String() }),
  response: nullable(
    Type.Object({ status: Type.Integer(), headers: Headers, body: Type.String(), truncated: Type.Boolean() }),
  ),
  remoteAddress: nullable(Type.String({ description: 'Where the connection went: to the receiver, or to the proxy.' })),
  proxy: Type.Optional(Type.String({ description: 'The proxy that it went through; only there where one did.' })),
  certificate: nullable(
    Type.Object({
      subject: Type.String(),
      issuer: Type.String(),
      notBefore: Type.String({ format: 'date-time' }),
      notAfter: Type.String({ format: 'date-time' }),
      sha256: Type.String({ description: 'Of the DER, in lower-case hex.' }),
    }),
  ),
  timings: nullable(
    Type.Object({ dnsMs: Ms, connectMs: Ms, tlsMs: Ms, sentMs: Ms, firstByteMs: Ms, totalMs: Type.Number() }),
  ),
  error: nullable(
    Type.Object({
      code: Type.String(),
      message: Type.String(),
      remedy: Type.String({ description: 'What to do about it.' }),
    }),
  ),
  curl: Type.String({ description: 'A command line that sends the same request, credentials masked.' }),
});
