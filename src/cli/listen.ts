import { messageOf } from '../kernel/errors.ts';
import { formatInstant } from '../kernel/instants.ts';
import { parseSigningSecret, type SigningSecret, verdictLine, verifySignature } from '../kernel/verify-signature.ts';
import { type CommandIo, type ExitCode, wrongUsage } from './command-io.ts';
import { type Judge, type ReceivedRequest, startReceiver } from './listen-receiver.ts';
import { printable, printLines, readableBody } from './output.ts';
import { openPublicKeys, type PublicKeys } from './public-keys.ts';
import { readSecretFile, secretFromEnvironment } from './read-input.ts';

export interface ListenOptions {
  port: number;
  host: string;
  status: number;
  retryAfter?: number;
  delayMs: number;
  secretFile?: string;
  publicKey?: string;
  signatureHeader?: string;
  json?: boolean;
}

/**
 * `waybill listen`: receives until it is interrupted, then returns 0. Requests go to stdout, as text or as one JSON
 * object a line; with `--json` the words for people go to stderr.
 */
export async function listen(options: ListenOptions, io: CommandIo): Promise<ExitCode> {
  const secret = await signingSecret(options, io);
  const publicKeys = options.publicKey === undefined ? null : await openPublicKeys(options.publicKey);
  // Asked for first: whoever reads the greeting may interrupt at once.
  const interrupted = io.untilInterrupted();
  const receiver = await startReceiver({
    host: options.host,
    port: options.port,
    judge: createJudge(secret, publicKeys, options.signatureHeader?.toLowerCase() ?? null),
    status: options.status,
    ...(options.retryAfter === undefined ? {} : { retryAfterS: options.retryAfter }),
    delayMs: options.delayMs,
    clock: io.clock,
    onRequest(request) {
      if (options.json) io.stdout.write(`${JSON.stringify(requestObject(request))}\n`);
      else printLines(io, requestLines(request));
    },
  });
  const greeting = [
    `listening on ${receiver.url}`,
    `To let Waybill send here, start it with WAYBILL_EGRESS_ALLOW=${receiver.egressEntry}`,
    ...(secret === null && publicKeys === null
      ? ['To have signatures checked, give the secret with --secret-file or WAYBILL_LISTEN_SECRET']
      : []),
    'Ctrl-C ends this.',
  ];
  (options.json ? io.stderr : io.stdout).write(`${greeting.join('\n')}\n`);
  await interrupted;
  await receiver.close();
  return 0;
}

async function signingSecret(options: ListenOptions, io: CommandIo): Promise<SigningSecret | null> {
  const text = await (options.secretFile === undefined
    ? secretFromEnvironment(io, 'WAYBILL_LISTEN_SECRET')
    : readSecretFile(io, options.secretFile));
  try {
    return text === null ? null : parseSigningSecret(text);
  } catch (error) {
    throw wrongUsage(messageOf(error));
  }
}

/** Verifies with what was given. A key set is fetched anew where it has no key that fits: there may be one by now. */
function createJudge(secret: SigningSecret | null, publicKeys: PublicKeys | null, ownHeader: string | null): Judge {
  return async (request, now) => {
    const keys = { secret, publicKeys: publicKeys?.current() ?? [], ownHeader };
    const verdict = verifySignature(request, keys, now);
    if (verdict.verdict === 'valid' || publicKeys === null) return verdict;
    return verifySignature(request, { ...keys, publicKeys: await publicKeys.renew() }, now);
  };
}

/**
 * A request as people read it: the request line, its headers, its body (JSON indented), the signature's verdict and
 * the answer, with an empty line around the body and before the whole.
 */
export function requestLines(request: Omit<ReceivedRequest, 'receivedAt'>): string[] {
  const headers = Object.entries(request.headers).map(([name, value]) => printable(`${name}: ${value}`));
  const body = request.body.length === 0 ? [] : ['', ...bodyText(request.body).split('\n')];
  return [
    '',
    printable(`${request.method} ${request.path}`),
    ...headers,
    ...body,
    '',
    verdictLine(request.signature),
    `answered: ${request.answeredWith}`,
  ];
}

function bodyText(body: Buffer): string {
  const text = utf8Of(body);
  return text === null ? `(${body.length} bytes that are not text)` : readableBody(text);
}

/** A request as one JSON value: `body` is the text as it arrived, or null with `bodyBase64` where it is not UTF-8. */
function requestObject(request: ReceivedRequest): object {
  const body = utf8Of(request.body);
  return {
    receivedAt: formatInstant(request.receivedAt),
    method: request.method,
    path: request.path,
    headers: request.headers,
    body,
    ...(body === null ? { bodyBase64: request.body.toString('base64') } : {}),
    signature: request.signature,
    answeredWith: request.answeredWith,
  };
}

function utf8Of(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
