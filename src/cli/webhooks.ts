import { isJsonObject, type Json, type JsonObject } from '../kernel/json.ts';
import type {
  ExchangeRequest,
  ExchangeResponse,
  LedgerAnswer,
  PageAnswer,
  RotationAnswer,
  TestAnswer,
  WebhookAnswer,
} from './api-answers.ts';
import type { ApiContext } from './api-client.ts';
import { type ExitCode, wrongUsage } from './command-io.ts';
import { fieldLines, nextPageLines, printable, printJson, printLines, readableBody, tableLines } from './output.ts';
import { readJson, readSecretFile } from './read-input.ts';
import { type TlsFields, tlsMembers } from './tls-fields.ts';

/** The fields of a webhook that have an option of their own; everything else comes from `fromFile`. */
export interface WebhookFields extends TlsFields {
  name?: string;
  url?: string;
  eventTypes?: string[];
  enabled?: 'true' | 'false';
  timeoutMs?: number;
  fromFile?: string;
  secretFile?: string;
}

/** `waybill webhooks list`. `query` holds the server's own parameters. */
export async function listWebhooks({ io, api, json }: ApiContext, query: Record<string, string>): Promise<ExitCode> {
  const page = await api.request<PageAnswer<WebhookAnswer>>({ method: 'GET', path: '/webhooks', query });
  if (json) {
    printJson(io, page);
    return 0;
  }
  const lines = tableLines(
    page.items,
    [
      { heading: 'ID', cell: (webhook) => webhook.id },
      { heading: 'STATE', cell: (webhook) => webhook.state },
      { heading: 'NAME', cell: (webhook) => webhook.name, flexible: true },
      { heading: 'EVENT TYPES', cell: (webhook) => webhook.eventTypes.join(',') || '*', flexible: true },
      { heading: 'URL', cell: (webhook) => webhook.url, flexible: true },
    ],
    'No webhooks.',
  );
  printLines(io, [...lines, ...nextPageLines(page.next)]);
  return 0;
}

/** `waybill webhooks show`. */
export async function showWebhook(context: ApiContext, id: string): Promise<ExitCode> {
  printWebhook(context, await context.api.request<WebhookAnswer>({ method: 'GET', path: pathOf(id) }));
  return 0;
}

/** `waybill webhooks create`: prints the webhook and, this once, its signing secret. */
export async function createWebhook(context: ApiContext, fields: WebhookFields): Promise<ExitCode> {
  const body = await bodyOf(context, fields);
  if (fields.secretFile !== undefined) body.signingSecret = await readSecretFile(context.io, fields.secretFile);
  if (body.name === undefined) throw wrongUsage('A webhook needs a name: give --name, or "name" in --from-file.');
  const webhook = await context.api.request<WebhookAnswer>({ method: 'POST', path: '/webhooks', body });
  printWebhook(context, webhook);
  if (!context.json && webhook.signingSecret !== undefined) {
    printLines(context.io, ['', 'The signing secret is shown only now. Keep it where the receiver can read it.']);
  }
  return 0;
}

/** `waybill webhooks update`: changes the fields that are named, and prints the webhook. */
export async function updateWebhook(context: ApiContext, id: string, fields: WebhookFields): Promise<ExitCode> {
  const body = await bodyOf(context, fields);
  if (Object.keys(body).length === 0) {
    const options = '--name, --url, --event-types, --enabled, --timeout-ms, --tls-…';
    throw wrongUsage(`Say what to change: ${options}, or --from-file.`);
  }
  printWebhook(context, await context.api.request<WebhookAnswer>({ method: 'PATCH', path: pathOf(id), body }));
  return 0;
}

async function bodyOf({ io }: ApiContext, fields: WebhookFields): Promise<JsonObject> {
  const { name, url, eventTypes, enabled, timeoutMs, fromFile } = fields;
  const whole: Json = fromFile === undefined ? {} : await readJson(io, fromFile);
  if (!isJsonObject(whole)) throw wrongUsage(`${fromFile} should hold one JSON object: a webhook's fields.`);
  const tls = await tlsMembers(io, fields);
  return {
    ...whole,
    ...(name === undefined ? {} : { name }),
    ...(url === undefined ? {} : { url }),
    ...(eventTypes === undefined ? {} : { eventTypes }),
    ...(enabled === undefined ? {} : { enabled: enabled === 'true' }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(tls === null ? {} : { tls: { ...(isJsonObject(whole.tls ?? null) ? (whole.tls as JsonObject) : {}), ...tls } }),
  };
}

/** `waybill webhooks delete`. */
export async function deleteWebhook({ io, api, json }: ApiContext, id: string): Promise<ExitCode> {
  await api.request<null>({ method: 'DELETE', path: pathOf(id) });
  if (!json) printLines(io, [`${id} is deleted, and its open deliveries are cancelled.`]);
  return 0;
}

/** `waybill webhooks pause`: its deliveries are held until it is resumed. */
export async function pauseWebhook({ io, api, json }: ApiContext, id: string): Promise<ExitCode> {
  const webhook = await api.request<WebhookAnswer>({ method: 'POST', path: `${pathOf(id)}/pause` });
  if (json) printJson(io, webhook);
  else printLines(io, [`${webhook.id} is ${webhook.state}. Its deliveries are held until it is resumed.`]);
  return 0;
}

/** `waybill webhooks resume`. */
export async function resumeWebhook({ io, api, json }: ApiContext, id: string): Promise<ExitCode> {
  const webhook = await api.request<WebhookAnswer>({ method: 'POST', path: `${pathOf(id)}/resume` });
  if (json) printJson(io, webhook);
  else printLines(io, [`${webhook.id} is ${webhook.state}.`]);
  return 0;
}

/** `waybill webhooks rotate-secret`: prints the secret now in force, this once, and until when the one before signs too. */
export async function rotateSecret(
  { io, api, json }: ApiContext,
  id: string,
  options: { overlapMs?: number; secretFile?: string },
): Promise<ExitCode> {
  const { overlapMs, secretFile } = options;
  const body: JsonObject = overlapMs === undefined ? {} : { overlapMs };
  if (secretFile !== undefined) body.signingSecret = await readSecretFile(io, secretFile);
  const rotated = await api.request<RotationAnswer>({ method: 'POST', path: `${pathOf(id)}/rotate-secret`, body });
  if (json) {
    printJson(io, rotated);
    return 0;
  }
  const { signingSecret, previousExpiresAt } = rotated;
  const overlap =
    previousExpiresAt === null
      ? 'The one before it signs no more.'
      : `The one before it signs too until ${previousExpiresAt}: give the receiver the new one before then.`;
  printLines(io, [signingSecret, '', 'The signing secret is shown only now.', overlap]);
  return 0;
}

/** `waybill webhooks ledger`. `query` holds the server's own parameters. */
export async function showLedger(
  { io, api, json }: ApiContext,
  id: string,
  query: Record<string, string>,
): Promise<ExitCode> {
  const page = await api.request<PageAnswer<LedgerAnswer>>({ method: 'GET', path: `${pathOf(id)}/ledger`, query });
  if (json) {
    printJson(io, page);
    return 0;
  }
  const lines = tableLines(
    page.items,
    [
      { heading: 'SEQUENCE', cell: ({ sequence }) => String(sequence) },
      { heading: 'EVENT', cell: ({ eventId }) => eventId },
      { heading: 'DELIVERY', cell: ({ deliveryId }) => deliveryId },
      { heading: 'STATE', cell: ({ state }) => state },
    ],
    'No numbers.',
  );
  printLines(io, [...lines, ...nextPageLines(page.next)]);
  return 0;
}

/**
 * `waybill webhooks test`, of a saved webhook, of one in a file, or of a saved one as the file would change it: shows the
 * whole exchange. Returns 1 where the receiver did not take the request.
 */
export async function testWebhook(
  context: ApiContext,
  id: string | undefined,
  { eventType, file }: { eventType?: string; file?: string },
): Promise<ExitCode> {
  if (id === undefined && file === undefined) {
    throw wrongUsage('Name a webhook, or give --file with one that is not saved.');
  }
  const isSaved = file === undefined;
  const result = await context.api.request<TestAnswer>({
    method: 'POST',
    path: isSaved ? `${pathOf(id as string)}/test` : '/webhooks/test',
    query: {
      ...(eventType === undefined ? {} : { eventType }),
      ...(isSaved || id === undefined ? {} : { webhookId: id }),
    },
    ...(isSaved ? {} : { body: await readJson(context.io, file) }),
  });
  if (context.json) printJson(context.io, result);
  else printLines(context.io, testLines(result));
  return result.ok ? 0 : 1;
}

/** The result of a test, verdict first, then the exchange as it was, then what to do. */
function testLines(result: TestAnswer): string[] {
  const { request, response, error, curl } = result;
  return [
    result.ok ? 'ok: the receiver took the request.' : 'failed: the receiver did not take the request.',
    ...(error === null ? [] : fieldLines(errorFields(error))),
    ...(request === null ? [] : ['', ...requestLines(request)]),
    '',
    ...(response === null ? ['No answer came back.'] : responseLines(response)),
    '',
    ...fieldLines(connectionFields(result)),
    ...(curl === null ? [] : ['', 'The same request by hand:', printable(curl)]),
  ];
}

function errorFields(error: NonNullable<TestAnswer['error']>): [string, string][] {
  const fields: [string, string][] = [['error', `${error.code}: ${error.message}`]];
  if (error.remedy) fields.push(['remedy', error.remedy]);
  return fields;
}

function requestLines(request: ExchangeRequest): string[] {
  return [`> ${printable(`${request.method} ${request.url}`)}`, ...headAndBody('> ', request.headers, request.body)];
}

function responseLines(response: ExchangeResponse): string[] {
  const cutOff = response.truncated ? ['< (the rest of the body was not kept)'] : [];
  return [`< ${response.status}`, ...headAndBody('< ', response.headers, response.body), ...cutOff];
}

/** Lines marked as curl marks them: `> ` what was sent, `< ` what came back. */
function headAndBody(mark: string, headers: Record<string, string>, body: string | null): string[] {
  const head = Object.entries(headers).map(([name, value]) => printable(`${name}: ${value}`));
  const rest = body === null || body === '' ? [] : ['', ...readableBody(body).split('\n')];
  return [...head, ...rest].map((line) => `${mark}${line}`.trimEnd());
}

function connectionFields({ remoteAddress, proxy, certificate, timings }: TestAnswer): [string, string][] {
  const owner = proxy === undefined ? '' : ` (the proxy ${proxy})`;
  const fields: [string, string][] = [['address', `${remoteAddress ?? 'never connected'}${owner}`]];
  if (certificate !== null) {
    const { subject, issuer, notBefore, notAfter, sha256 } = certificate;
    fields.push([
      'certificate',
      `${subject}\nissued by ${issuer}\nvalid ${notBefore} to ${notAfter}\nsha256 ${sha256}`,
    ]);
  }
  const measured = Object.entries(timings ?? {}).filter(([, ms]) => typeof ms === 'number');
  if (measured.length > 0)
    fields.push(['timings', measured.map(([name, ms]) => `${phaseInWords(name)} ${ms} ms`).join(', ')]);
  return fields;
}

function phaseInWords(name: string): string {
  const words: Record<string, string> = {
    dnsMs: 'DNS',
    connectMs: 'connect',
    tlsMs: 'TLS',
    sentMs: 'sent',
    firstByteMs: 'first byte',
    totalMs: 'total',
  };
  return words[name] ?? name;
}

/** Every member of the webhook on a line, nested ones as JSON; what it takes from the defaults is marked. */
function printWebhook({ io, json }: ApiContext, webhook: WebhookAnswer): void {
  if (json) {
    printJson(io, webhook);
    return;
  }
  const { inherited = [], ...members } = webhook;
  const fields = Object.entries(members).map(([name, value]): [string, string] => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [name, inherited.includes(name) ? `${text}  (from the defaults)` : text];
  });
  printLines(io, fieldLines(fields));
}

function pathOf(id: string): string {
  return `/webhooks/${encodeURIComponent(id)}`;
}
