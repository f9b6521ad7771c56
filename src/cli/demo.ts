import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../app.ts';
import { readSettings } from '../config/index.ts';
import { findEventType } from '../events/index.ts';
import { messageOf } from '../kernel/errors.ts';
import { systemRandom } from '../kernel/random.ts';
import { parseSigningSecret, verifySignature } from '../kernel/verify-signature.ts';
import { type End, runServer } from '../main.ts';
import { type ApiClient, connect } from './api-client.ts';
import type { CommandIo, ExitCode } from './command-io.ts';
import { requestLines } from './listen.ts';
import { type ReceivedRequest, type Receiver, startReceiver } from './listen-receiver.ts';
import { printLines } from './output.ts';

const EVENT_TYPE = 'transfer.completed';
const ARRIVES_WITHIN_MS = 10_000;

/**
 * `waybill demo`: a server on a throw-away data folder, a receiver, one webhook and one sample event. Prints the request
 * as it arrived and goes on serving until it is interrupted. With `exit` it ends after the first delivery: 0, or 1 if
 * it did not arrive with a valid signature.
 */
export async function demo({ exit, io }: { exit?: boolean; io: CommandIo }): Promise<ExitCode> {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-demo-'));
  const secret = `whsec_${random(32, 'base64')}`;
  const keys = { secret: parseSigningSecret(secret), publicKeys: [], ownHeader: null };
  const arrival = Promise.withResolvers<ReceivedRequest>();
  const receiver = await startReceiver({
    port: 0,
    judge: (request, now) => verifySignature(request, keys, now),
    clock: io.clock,
    onRequest: arrival.resolve,
  });
  const apiKey = `demo_${random(32, 'base64url')}`;
  const flags = {
    dataDir: folder,
    listen: '127.0.0.1:0',
    egressAllow: receiver.egressEntry,
    apiKey,
    logFormat: 'json',
  };
  // The environment and settings file of a real server have no say in a demo.
  const { settings, secrets } = await readSettings({ flags, env: {}, workingDir: folder, isTerminal: false });

  async function show(app: App, end: End): Promise<void> {
    const { api } = await connect({ ...io, env: { WAYBILL_API_KEY: apiKey } }, { url: app.url });
    const ok = await playThrough({ api, receiver, secret, arrival: arrival.promise, io });
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
    await receiver.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Scene {
  api: ApiClient;
  receiver: Receiver;
  secret: string;
  arrival: Promise<ReceivedRequest>;
  io: CommandIo;
}

/** Makes the webhook, publishes the event, prints what arrives. True when it arrived with a valid signature. */
async function playThrough({ api, receiver, secret, arrival, io }: Scene): Promise<boolean> {
  const url = `${receiver.url}/demo`;
  const webhook = { name: 'demo', url, signingSecret: secret };
  await api.request({ method: 'POST', path: '/webhooks', body: webhook });
  printLines(io, ['', `A webhook now points at a receiver in this process: ${url}`]);
  printLines(io, [`Publishing a sample event of type ${EVENT_TYPE}; no transfer has run.`]);
  const event = { type: EVENT_TYPE, data: findEventType(EVENT_TYPE)?.sample ?? {} };
  await api.request({ method: 'POST', path: '/events', body: event });

  const request = await Promise.race([arrival, late(io)]);
  if (request === null) {
    printLines(io, [`Nothing arrived within ${ARRIVES_WITHIN_MS / 1000} s. The log lines above say why.`]);
    return false;
  }
  printLines(io, requestLines(request));
  return request.signature.verdict === 'valid';
}

function late(io: CommandIo): Promise<null> {
  return new Promise((resolve) => {
    io.clock.after(ARRIVES_WITHIN_MS, () => resolve(null));
  });
}

function failWith(io: CommandIo, end: End): (error: unknown) => void {
  return (error) => {
    io.stderr.write(`${messageOf(error)}\n`);
    end(1);
  };
}

function random(bytes: number, encoding: BufferEncoding): string {
  return Buffer.from(systemRandom.fill(new Uint8Array(bytes))).toString(encoding);
}
