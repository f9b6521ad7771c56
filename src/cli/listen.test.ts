import { spawn } from 'node:child_process';
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { parseSigningSecret, verifySignature } from '../kernel/verify-signature.ts';
import { runCommand } from './cli-stage.ts';
import {
  type Judge,
  type ReceivedRequest,
  type Receiver,
  type ReceiverOptions,
  startReceiver,
} from './listen-receiver.ts';
import { run } from './program.ts';

const MAIN = join(import.meta.dirname, 'main.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-listen-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

function signedHeaders(secret: string, body: string): Record<string, string> {
  const now = new Date();
  return {
    'content-type': 'application/json',
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', now, body),
  };
}

function judgeWith(secret: string | null): Judge {
  const keys = { secret: secret === null ? null : parseSigningSecret(secret), publicKeys: [], ownHeader: null };
  return (request, now) => verifySignature(request, keys, now);
}

async function receiverFor(
  options: Partial<ReceiverOptions>,
): Promise<{ receiver: Receiver; received: ReceivedRequest[] }> {
  const received: ReceivedRequest[] = [];
  const onRequest = (request: ReceivedRequest) => received.push(request);
  const receiver = await startReceiver({ port: 0, judge: judgeWith(null), clock: systemClock, onRequest, ...options });
  onTestFinished(() => receiver.close());
  return { receiver, received };
}

describe('the receiver', () => {
  test('hands over each request as it was, with its verdict, and answers 204', async () => {
    const secret = newSecret();
    const { receiver, received } = await receiverFor({ judge: judgeWith(secret) });
    const body = '{"n": 1.0}';
    const response = await fetch(`${receiver.url}/hook?x=1`, {
      method: 'PUT',
      headers: signedHeaders(secret, body),
      body,
    });
    expect(response.status).toBe(204);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: 'PUT', path: '/hook?x=1', signature: { verdict: 'valid' } });
    expect(received[0]?.body.toString()).toBe(body);
    expect(received[0]?.headers['webhook-id']).toBe('evt_1');
  });

  test('answers with the status and Retry-After it was told', async () => {
    const { receiver, received } = await receiverFor({ status: 503, retryAfterS: 7 });
    const response = await fetch(receiver.url, { method: 'POST', body: 'x' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7']);
    expect(received[0]?.answeredWith).toBe(503);
  });

  test('holds its answer back for the delay it was told', async () => {
    const asked: number[] = [];
    let release = () => {};
    const clock: Clock = {
      ...systemClock,
      after(delayMs, go) {
        asked.push(delayMs);
        release = go;
        return { cancel: () => {} };
      },
    };
    const arrived = Promise.withResolvers<void>();
    const { receiver } = await receiverFor({ delayMs: 60_000, clock, onRequest: () => arrived.resolve() });
    let answered = false;
    const answer = fetch(receiver.url, { method: 'POST' }).then((response) => {
      answered = true;
      return response.status;
    });
    await arrived.promise;
    expect(answered).toBe(false);
    release();
    expect(await answer).toBe(204);
    expect(asked).toEqual([60_000]);
  });

  test('checks no signature without a secret, and says so', async () => {
    const { receiver, received } = await receiverFor({});
    await fetch(receiver.url, { method: 'POST', body: 'x' });
    expect(received[0]?.signature).toEqual({ verdict: 'not_checked', reason: 'no secret given' });
  });

  test('refuses a body that could fill the memory, and goes on', async () => {
    const { receiver, received } = await receiverFor({});
    const status = await fetch(receiver.url, { method: 'POST', body: Buffer.alloc(17 * 1024 * 1024) }).then(
      (response) => response.status,
      // The receiver may close before all is sent, and the sender then sees a broken connection.
      () => 413,
    );
    expect(status).toBe(413);
    expect((await fetch(receiver.url, { method: 'POST', body: 'x' })).status).toBe(204);
    expect(received).toHaveLength(1);
  });

  test('reports nothing of a request that breaks off in its body, and goes on', async () => {
    const { receiver, received } = await receiverFor({});
    const socket = connect(Number(new URL(receiver.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.end('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
    socket.resume();
    await once(socket, 'close');
    await fetch(receiver.url, { method: 'POST', body: 'whole' });
    expect(received.map((request) => request.body.toString())).toEqual(['whole']);
  });

  test('names itself as the allow list of Waybill wants it', async () => {
    const { receiver } = await receiverFor({ host: '0.0.0.0' });
    const { port } = new URL(receiver.url);
    expect([receiver.url, receiver.egressEntry]).toEqual([`http://0.0.0.0:${port}`, `127.0.0.1:${port}`]);
  });

  test('says what to do when the port is taken', async () => {
    const { receiver } = await receiverFor({});
    const outcome = await runCommand(['listen', new URL(receiver.url).port]);
    expect(outcome).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `Cannot listen on 127.0.0.1, port ${new URL(receiver.url).port}: the port is taken; choose another, or 0 for any free one.\n`,
    });
  });
});

interface Listening {
  url: string;
  /** Ends the command as Ctrl-C does, and resolves to its exit code and everything it wrote to stdout. */
  interrupt(): Promise<{ exitCode: number; stdout: string; stderr: string }>;
}

/** Runs `waybill listen 0 …` in this process until it is interrupted. */
async function listening(args: string[], env: Record<string, string> = {}): Promise<Listening> {
  const written = { stdout: '', stderr: '' };
  const greeted = Promise.withResolvers<string>();
  const interrupted = Promise.withResolvers<void>();
  const write = (stream: 'stdout' | 'stderr') => (words: string) => {
    written[stream] += words;
    const url = /^listening on (http:\S+)$/m.exec(written[stream])?.[1];
    if (url !== undefined) greeted.resolve(url);
  };
  const ended = run(['listen', '0', ...args], {
    env,
    stdin: (async function* () {})(),
    stdout: { write: write('stdout') },
    stderr: { write: write('stderr') },
    clock: systemClock,
    untilInterrupted: () => interrupted.promise,
  });
  return {
    url: await greeted.promise,
    async interrupt() {
      interrupted.resolve();
      return { exitCode: await ended, ...written };
    },
  };
}

describe('waybill listen', () => {
  test('prints each request and its verdict for people, after saying where it listens and how to allow it', async () => {
    const secret = newSecret();
    writeFileSync(join(folder, 'secret'), `${secret}\n`);
    const { url, interrupt } = await listening(['--secret-file', join(folder, 'secret'), '--status', '200']);
    const body = '{"event_type":"transfer_completed","n":[1]}';
    await fetch(`${url}/ops`, { method: 'POST', headers: signedHeaders(secret, body), body });
    const { exitCode, stdout } = await interrupt();
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n');
    const { host } = new URL(url);
    expect(lines.slice(0, 2)).toEqual([
      `listening on http://${host}`,
      `To let Waybill send here, start it with WAYBILL_EGRESS_ALLOW=${host}`,
    ]);
    expect(lines).toContain('POST /ops');
    expect(lines).toContain('webhook-id: evt_1');
    expect(stdout).toContain('\n{\n  "event_type": "transfer_completed",\n  "n": [\n    1\n  ]\n}\n');
    expect(lines).toContain('signature: valid');
    expect(lines).toContain('answered: 200');
    expect(stdout).not.toContain(secret);
  });

  test('says why a signature is wrong', async () => {
    const { url, interrupt } = await listening([], { WAYBILL_LISTEN_SECRET: newSecret() });
    await fetch(url, { method: 'POST', headers: signedHeaders(newSecret(), 'x'), body: 'x' });
    expect((await interrupt()).stdout.split('\n')).toContain(
      'signature: wrong, it was made with another secret, or the request was changed on the way',
    );
  });

  test('says that it checks no signature when it has no secret', async () => {
    const { url, interrupt } = await listening([]);
    await fetch(url, { method: 'POST' });
    expect((await interrupt()).stdout.split('\n')).toContain('signature: not checked, no secret given');
  });

  test('verifies ed25519 with a public key, and with a key set that it fetches anew after a rotation', async () => {
    const [first, second] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
    let inForce = first;
    const set = createServer((_request, response) => {
      response.end(JSON.stringify({ keys: [{ kty: 'RSA' }, inForce.publicKey.export({ format: 'jwk' })] }));
    });
    await new Promise<void>((resolve) => set.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void set.close());
    const send = async (url: string): Promise<void> => {
      const [id, timestamp] = ['evt_1', String(Math.floor(Date.now() / 1000))];
      const signature = sign(null, Buffer.from(`${id}.${timestamp}.x`), inForce.privateKey).toString('base64');
      const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1a,${signature}` };
      await fetch(url, { method: 'POST', headers, body: 'x' });
    };
    const verdicts = (stdout: string) => stdout.split('\n').filter((line) => line.startsWith('signature:'));

    const { port } = set.address() as AddressInfo;
    const withSet = await listening(['--public-key', `http://127.0.0.1:${port}/.well-known/jwks.json`]);
    await send(withSet.url);
    inForce = second;
    await send(withSet.url);
    const { stdout } = await withSet.interrupt();
    expect(verdicts(stdout)).toEqual(['signature: valid (ed25519)', 'signature: valid (ed25519)']);
    expect(stdout).not.toContain('To have signatures checked');

    const x = Buffer.from(String(first.publicKey.export({ format: 'jwk' }).x), 'base64url').toString('base64');
    const withKey = await listening(['--public-key', `whpk_${x}`]);
    inForce = first;
    await send(withKey.url);
    inForce = second;
    await send(withKey.url);
    expect(verdicts((await withKey.interrupt()).stdout)).toEqual([
      'signature: valid (ed25519)',
      'signature: wrong, it was made with another key, or the request was changed on the way',
    ]);
  });

  test('verifies github and gomft in the header that it is told of', async () => {
    const secret = newSecret();
    const { url, interrupt } = await listening(['--signature-header', 'X-Sig'], { WAYBILL_LISTEN_SECRET: secret });
    const hex = createHmac('sha256', secret).update('x').digest('hex');
    for (const value of [hex, `sha256=${hex}`])
      await fetch(url, { method: 'POST', headers: { 'X-Sig': value }, body: 'x' });
    const lines = (await interrupt()).stdout.split('\n');
    expect(lines).toContain('signature: valid (gomft)');
    expect(lines).toContain('signature: valid (github)');
  });

  test.each([
    ['whpk_AAAA', 2, /^The public key is none: /],
    ['whsec_AAAA', 2, /^The public key is none: /],
    ['http://127.0.0.1:1/jwks.json', 1, /^No key set could be had from http:/],
  ])('refuses the public key %s', async (key, exitCode, message) => {
    const outcome = await runCommand(['listen', '0', '--public-key', key]);
    expect([outcome.exitCode, outcome.stdout]).toEqual([exitCode, '']);
    expect(outcome.stderr).toMatch(message);
  });

  test('prints one JSON object a line for machines, and its greeting elsewhere', async () => {
    const { url, interrupt } = await listening(['--json']);
    await fetch(`${url}/a`, { method: 'POST', body: 'text' });
    await fetch(`${url}/b`, { method: 'POST', body: Buffer.of(0xff, 0xfe) });
    const { stdout, stderr } = await interrupt();
    const [first, second] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ method: 'POST', path: '/a', body: 'text', signature: { verdict: 'not_checked' } });
    expect(second).toMatchObject({ path: '/b', body: null, bodyBase64: '//4=', answeredWith: 204 });
    expect(stderr).toContain(`listening on ${url}\n`);
  });

  test('cannot be made to steer the terminal by what it receives', async () => {
    const { url, interrupt } = await listening([]);
    await fetch(url, { method: 'POST', body: '\u001b]0;owned\u0007' });
    const { stdout } = await interrupt();
    expect(stdout).toContain('\\u001b]0;owned\\u0007');
    expect(stdout).not.toContain('\u001b');
  });

  test('refuses a secret that is none, without repeating it', async () => {
    const outcome = await runCommand(['listen', '0'], { env: { WAYBILL_LISTEN_SECRET: 'hunter2!' } });
    expect([outcome.exitCode, outcome.stdout]).toEqual([2, '']);
    expect(outcome.stderr).toMatch(/^The signing secret is not one: .*\n$/);
    expect(outcome.stderr).not.toContain('hunter2');
  });

  test('takes the secret from the file that WAYBILL_LISTEN_SECRET_FILE names, without the line end', async () => {
    const secret = newSecret();
    const file = join(folder, 'secret');
    writeFileSync(file, `${secret}\n`);
    const { url, interrupt } = await listening([], { WAYBILL_LISTEN_SECRET_FILE: file });
    await fetch(url, { method: 'POST', headers: signedHeaders(secret, 'x'), body: 'x' });
    expect((await interrupt()).stdout.split('\n')).toContain('signature: valid');
  });

  test.each([
    ['is given beside the secret itself', { WAYBILL_LISTEN_SECRET: 'x' }, 'are set; unset one'],
    ['is missing', {}, 'which cannot be read'],
  ])('refuses a WAYBILL_LISTEN_SECRET_FILE that %s', async (_what, env, why) => {
    const outcome = await runCommand(['listen', '0'], {
      env: { ...env, WAYBILL_LISTEN_SECRET_FILE: join(folder, 'none') },
    });
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toContain('WAYBILL_LISTEN_SECRET_FILE');
    expect(outcome.stderr).toContain(why);
  });

  test('refuses a secret file that is not there', async () => {
    const outcome = await runCommand(['listen', '0', '--secret-file', join(folder, 'none')]);
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toContain(`${join(folder, 'none')} cannot be read`);
  });

  test.each(['listen', 'listen http', 'listen 65536', 'listen 0 --status 100', 'listen 0 --delay-ms -1'])(
    'refuses wrong usage with exit code 2: %s',
    async (line) => {
      expect((await runCommand(line.split(' '))).exitCode).toBe(2);
    },
  );

  test('ends with exit code 0 on Ctrl-C, as a process of its own', async () => {
    const child = spawn(process.execPath, [MAIN, 'listen', '0'], { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
    onTestFinished(() => void child.kill('SIGKILL'));
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('listening on ')) break;
    }
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
  });
});
