import { type IncomingMessage, type RequestOptions, request as requestInClear } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { text as wholeText } from 'node:stream/consumers';
import { messageOf } from '../kernel/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../kernel/json.ts';
import { CommandFailure, type CommandIo, wrongUsage } from './command-io.ts';
import { printable } from './output.ts';
import { secretFromEnvironment } from './read-input.ts';
import { findServer } from './server-address.ts';

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`, beginning with `/`; every part that came from outside is URI-encoded by the caller. */
  path: string;
  query?: Record<string, string>;
  body?: Json;
  idempotencyKey?: string | undefined;
}

export interface DownloadRequest extends Pick<ApiRequest, 'path' | 'query'> {
  /** The id of the last event that was seen of a stream, to go on after it. */
  lastEventId?: string | undefined;
  /** Breaks it off. */
  signal?: AbortSignal;
}

/** The API of one Waybill, with one key. */
export interface ApiClient {
  /**
   * The parsed answer, or null where it has no body (204). The caller names its type: what a server of this version
   * answers is fixed by its OpenAPI document. Throws a `CommandFailure` (1) for a refusal, in the server's words, and
   * where no server answers.
   */
  request<T>(request: ApiRequest): Promise<T>;
  /**
   * The body of an answer as it comes, for what is too long to hold. Refusals are as in `request`; the body itself throws
   * where the server breaks it off.
   */
  download(request: DownloadRequest): Promise<AsyncIterable<Uint8Array>>;
}

/** What a command that calls the API is given. */
export interface ApiContext {
  io: CommandIo;
  api: ApiClient;
  /** Whether the answer is wanted as JSON for machines. */
  json: boolean;
}

/**
 * The API of the server that `findServer` finds, with the key of WAYBILL_API_KEY or WAYBILL_API_KEY_FILE. Dials nothing
 * yet. Throws a `CommandFailure` (2) where address or key will not do.
 */
export async function connect(
  io: CommandIo,
  options: { url?: string | undefined; config?: string | undefined; json?: boolean },
): Promise<ApiContext> {
  const baseUrl = await findServer(io, options);
  const apiKey = await secretFromEnvironment(io, 'WAYBILL_API_KEY');
  if (apiKey === null) {
    throw wrongUsage(
      'No API key is set. Put one in WAYBILL_API_KEY, or name its file in WAYBILL_API_KEY_FILE.\n' +
        "`waybill api-key create --name NAME --role operator` makes one, on the server's machine and with its data folder.",
    );
  }
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw wrongUsage('The API key holds characters that no key has; check WAYBILL_API_KEY or its file.');
  }
  return { io, api: createApiClient(baseUrl, apiKey), json: options.json === true };
}

function createApiClient(baseUrl: string, apiKey: string): ApiClient {
  async function send(request: ApiRequest & DownloadRequest): Promise<IncomingMessage> {
    const query = new URLSearchParams(request.query).toString();
    const url = new URL(`${baseUrl}/api/v1${request.path}${query && `?${query}`}`);
    const body = request.body === undefined ? null : JSON.stringify(request.body);
    const { method, signal } = request;
    const options = { method, headers: headersOf(request, apiKey), ...(signal === undefined ? {} : { signal }) };
    const response = await exchange(url, options, body).catch((error: unknown) => {
      throw unreachable(baseUrl, error);
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw refusalOf({ status, text: await textOfAnswer(response) }, baseUrl);
  }

  async function textOfAnswer(response: IncomingMessage): Promise<string> {
    try {
      return await wholeText(response);
    } catch (error) {
      throw unreachable(baseUrl, error);
    }
  }

  return {
    request: async <T>(request: ApiRequest) => parseAnswer(await textOfAnswer(await send(request)), baseUrl) as T,
    download: (request) => send({ method: 'GET', ...request }),
  };
}

function headersOf(request: ApiRequest & DownloadRequest, apiKey: string): Record<string, string> {
  return {
    accept: 'application/json',
    authorization: `Bearer ${apiKey}`,
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(request.lastEventId === undefined ? {} : { 'last-event-id': request.lastEventId }),
    ...(request.idempotencyKey === undefined ? {} : { 'idempotency-key': request.idempotencyKey }),
  };
}

interface Answer {
  status: number;
  text: string;
}

/** Sends one request. Follows no redirect: the key is meant for this server alone. */
function exchange(url: URL, options: RequestOptions, body: string | null): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? requestOverTls : requestInClear;
  return new Promise((resolve, reject) => {
    const request = send(url, options, resolve);
    request.once('error', reject);
    request.end(body);
  });
}

function unreachable(baseUrl: string, error: unknown): CommandFailure {
  // A name with several addresses fails with one error for each; the first says enough.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return new CommandFailure(
    `Waybill cannot be reached at ${baseUrl} (${messageOf(first)}). ` +
      'Start it with `waybill serve`, or say where it is with --url or WAYBILL_BASE_URL.',
    { cause: error },
  );
}

function parseAnswer(text: string, baseUrl: string): Json {
  if (text === '') return null;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw notWaybill(baseUrl, 'its answer is not JSON', error);
  }
}

/**
 * The server's own problem document (RFC 9457), made readable: title, detail where the fields do not say the same, and a
 * line for each field at fault.
 */
function refusalOf(answer: Answer, baseUrl: string): CommandFailure {
  const problem = parseProblem(answer.text);
  if (problem === null) return notWaybill(baseUrl, `it answered with status ${answer.status}`);
  const title = textOf(problem.title) ?? `The server answered with status ${answer.status}`;
  const detail = textOf(problem.detail);
  const fields = (Array.isArray(problem.errors) ? problem.errors : []).filter(isJsonObject).map(fieldLine);
  const isRepeated = detail !== null && fields.some((line) => line.endsWith(detail.replace(/^[/?]\S*: /, '')));
  const lines = [title, ...(detail === null || isRepeated ? [] : [detail]), ...fields];
  if (answer.status === UNAUTHORIZED)
    lines.push(`Check WAYBILL_API_KEY, or its file, and that ${baseUrl} is the server meant.`);
  return new CommandFailure(printable(lines.join('\n')), { problem });
}

const UNAUTHORIZED = 401;

/** A field at fault: by its place in the body, or where it came from an option by that. */
function fieldLine({ pointer, detail }: JsonObject): string {
  const place = textOf(pointer) || '/';
  const name = place.startsWith('?')
    ? `--${place.slice(1).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    : place;
  return `  ${name}: ${textOf(detail) ?? ''}`;
}

function parseProblem(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) && ('title' in value || 'detail' in value) ? value : null;
  } catch {
    return null;
  }
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function notWaybill(baseUrl: string, what: string, cause?: unknown): CommandFailure {
  return new CommandFailure(
    `Something answers at ${baseUrl}, but not like Waybill: ${what}. Check --url or WAYBILL_BASE_URL.`,
    { cause },
  );
}
