import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../app.ts';
import { readSettings } from '../config/index.ts';
import { findEventType } from '../events/index.ts';
import { delay } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import { systemRandom } from '../kernel/random.ts';
import type { SignatureVerdict } from '../kernel/verify-signature.ts';
import { type End, runServer } from '../main.ts';
import { type ApiClient, connect } from './api-client.ts';
import type { CommandIo, ExitCode } from './command-io.ts';
import { requestLines } from './listen.ts';
import { printLines } from './output.ts';

const EVENT_TYPE = 'transfer.completed';
const INBOX = 'demo';
const ARRIVES_WITHIN_MS = 10_000;
const ASK_AGAIN_MS = 20;

/**
 * `waybill demo`: a server on a throw-away data folder, its built-in receiver, one webhook and one sample event. Prints
 * the request as it arrived and goes on serving until it is interrupted. With `exit` it ends after the first delivery: 0,
 * or 1 if it did not arrive with a valid signature.
 */
export async function demo({ exit, io }: { exit?: boolean; io: CommandIo }): Promise<ExitCode> {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-demo-'));
  const apiKey = `demo_${Buffer.from(systemRandom.fill(new Uint8Array(32))).toString('base64url')}`;
  const flags = { dataDir: folder, listen: '127.0.0.1:0', apiKey, logFormat: 'json' };
  // The environment and settings file of a real server have no say in a demo.
  const { settings, secrets } = await readSettings({ flags, env: {}, workingDir: folder, isTerminal: false });

  async function show(app: App, end: End): Promise<void> {
    const { api } = await connect({ ...io, env: { WAYBILL_API_KEY: apiKey } }, { url: app.url });
    const ok = await playThrough(api, io);
    if (exit) return end(ok ? 0 : 1);
    printLines(io, ['', `Waybill goes on serving at ${app.url} (API page: ${app.url}/api/docs). Ctrl-C ends it.`]);
  }

  try {
    return await runServer({
      settings,
      secrets,
      onListening: (app, end) => void show(app, end).catch(failWith(io, end)),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes the webhook, publishes the event, prints what arrives. True when it arrived with a valid signature. */
async function playThrough(api: ApiClient, io: CommandIo): Promise<boolean> {
  const { url } = await api.request<{ url: string }>({ method: 'PUT', path: `/inboxes/${INBOX}`, body: {} });
  await api.request({ method: 'POST', path: '/webhooks', body: { name: 'demo', url } });
  printLines(io, ['', `A webhook now points at a receiver in this process: ${url}`]);
  printLines(io, [`Publishing a sample event of type ${EVENT_TYPE}; no transfer has run.`]);
  const event = { type: EVENT_TYPE, data: findEventType(EVENT_TYPE)?.sample ?? {} };
  await api.request({ method: 'POST', path: '/events', body: event });

  const request = await arrival(api, io);
  if (request === null) {
    printLines(io, [`Nothing arrived within ${ARRIVES_WITHIN_MS / 1000} s. The log lines above say why.`]);
    return false;
  }
  const { body, answer } = request;
  printLines(io, requestLines({ ...request, body: Buffer.from(body), answeredWith: answer.status }));
  return request.signature.verdict === 'valid';
}

/** A request as the built-in receiver shows it, as far as it is printed. */
interface Arrived {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  signature: SignatureVerdict;
  answer: { status: number };
}

/** What has arrived first; null when nothing does. */
async function arrival(api: ApiClient, io: CommandIo): Promise<Arrived | null> {
  const path = `/inboxes/${INBOX}/requests`;
  const endsAtMs = io.clock.monotonicMs() + ARRIVES_WITHIN_MS;
  while (io.clock.monotonicMs() < endsAtMs) {
    const { items } = await api.request<{ items: { id: string }[] }>({ method: 'GET', path });
    const first = items.at(-1);
    if (first !== undefined) return api.request<Arrived>({ method: 'GET', path: `${path}/${first.id}` });
    await delay(io.clock, ASK_AGAIN_MS);
  }
  return null;
}

function failWith(io: CommandIo, end: End): (error: unknown) => void {
  return (error) => {
    io.stderr.write(`${messageOf(error)}\n`);
    end(1);
  };
}
