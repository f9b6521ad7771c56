import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { encryptedKey, hasOpenssl, type KeyPair, makeCertificate, pinOf } from '../harness/certificates.ts';
import { startReceiver } from '../harness/receiver.ts';
import { shareServer, startServer, type TestServer } from '../harness/server.ts';
import { createWebhook, deliveryInState, expectProblem, ownType, publish } from './stage.ts';

const server = shareServer();
const URL_OF_NOBODY = 'https://127.0.0.1:9/hook';
const NONE = { caPem: null, pinnedSha256: null, clientCertPem: null, clientKeyPem: null, insecureSkipVerify: false };
const SET = { set: true };

/** An HTTPS receiver on loopback; `clients` are the common names of the client certificates it was shown. */
async function tlsReceiver(pair: KeyPair, options: { ca?: string } = {}) {
  const clients: (string | undefined)[] = [];
  const asks = options.ca === undefined ? {} : { requestCert: true, ca: options.ca };
  const https = createServer({ ...pair, ...asks }, (request, response) => {
    const { socket } = request as unknown as { socket: import('node:tls').TLSSocket };
    const { subject } = socket.getPeerX509Certificate() ?? {};
    clients.push(/CN=(.*)/.exec(subject ?? '')?.[1]);
    request.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    https.closeAllConnections();
    await new Promise((resolve) => https.close(resolve));
  });
  return { url: `https://127.0.0.1:${(https.address() as AddressInfo).port}/hook`, clients };
}

async function deliverTo(url: string, tls: object, expected: 'delivered' | 'exhausted', on: TestServer = server()) {
  const type = ownType();
  const retry = { strategy: 'fixed', maxAttempts: 1, delayMs: 0 };
  const { id } = await createWebhook(on, { url, eventTypes: [type], retry, tls });
  return deliveryInState(on, await publish(on, type), id, expected);
}

function save(tls: object) {
  return server().call('POST', '/webhooks', { name: 'x', enabled: false, url: URL_OF_NOBODY, tls });
}

async function setDefaults(tls: object, on: TestServer = server()) {
  onTestFinished(async () => {
    await on.call('PUT', '/settings/webhooks', {}).catch(() => null);
  });
  return on.call('PUT', '/settings/webhooks', { tls });
}

const nothing: KeyPair = { key: '', cert: '' };
const authority = hasOpenssl ? makeCertificate({ name: 'Example CA', isAuthority: true }) : nothing;
const issued = hasOpenssl ? makeCertificate({ issuer: authority, altName: 'IP:127.0.0.1' }) : nothing;
const client = hasOpenssl ? makeCertificate({ name: 'client', issuer: authority }) : nothing;
const expired = hasOpenssl ? makeCertificate({ days: -1 }) : nothing;
const pairOf = ({ cert, key }: KeyPair) => ({ clientCertPem: cert, clientKeyPem: key });

describe.skipIf(!hasOpenssl)('TLS of a webhook (with certificates made by openssl)', () => {
  test('a receiver with a self-signed certificate is delivered to once it is pinned, or given as caPem', async () => {
    const own = makeCertificate({ altName: 'IP:127.0.0.1' });
    const { url } = await tlsReceiver(own);
    const { attempts } = await deliverTo(url, {}, 'exhausted');
    expect(attempts[0].error).toMatchObject({ code: 'tls_error', message: expect.stringContaining('self-signed') });
    await deliverTo(url, { pinnedSha256: pinOf(own) }, 'delivered');
    await deliverTo(url, { caPem: own.cert }, 'delivered');
  });

  test('a pin that does not match refuses, also with insecureSkipVerify', async () => {
    const { url } = await tlsReceiver(issued);
    const tls = { caPem: authority.cert, pinnedSha256: pinOf(authority), insecureSkipVerify: true };
    const { attempts } = await deliverTo(url, tls, 'exhausted');
    expect(attempts[0].error).toMatchObject({ code: 'tls_error', message: expect.stringContaining('pinned') });
  });

  test('a client certificate is shown to the receiver, and its key to nobody', async () => {
    const { url, clients } = await tlsReceiver(issued, { ca: authority.cert });
    const tls = { caPem: authority.cert, ...pairOf(client) };
    const delivery = await deliverTo(url, tls, 'delivered');
    expect(clients).toEqual(['client']);
    const shown = (await server().call('GET', `/webhooks/${delivery.webhookId}`)).body;
    expect(shown.tls).toEqual({ ...NONE, ...tls, clientKeyPem: SET });
    const secret = client.key.split('\n')[1] as string;
    expect(JSON.stringify([delivery, shown])).not.toContain(secret);
    const files = await readdir(server().dataDir, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      expect((await readFile(join(file.parentPath, file.name))).includes(secret), file.name).toBe(false);
    }
  });

  test('{ "set": true } keeps the key, and null goes back to none', async () => {
    const webhook = await createWebhook(server(), { url: URL_OF_NOBODY, enabled: false, tls: pairOf(client) });
    const patch = async (tls: object) => server().call('PATCH', `/webhooks/${webhook.id}`, { tls });
    const kept = await patch({ ...webhook.tls, insecureSkipVerify: true });
    expect(kept.body.tls).toEqual({ ...NONE, ...pairOf(client), clientKeyPem: SET, insecureSkipVerify: true });
    expectProblem(await patch({ clientKeyPem: null }), 422, 'validation_failed', ['/tls/clientKeyPem']);
    expect((await patch({ clientKeyPem: null, clientCertPem: null })).body.tls).toMatchObject({ clientKeyPem: null });
    expectProblem(await patch({ clientKeyPem: SET }), 422, 'validation_failed', ['/tls/clientKeyPem']);
  });

  test('another key is another entity tag', async () => {
    const other = makeCertificate({ name: 'other' });
    const webhook = await createWebhook(server(), { url: URL_OF_NOBODY, enabled: false, tls: pairOf(client) });
    const tagAfter = async (tls: object) =>
      (await server().call('PATCH', `/webhooks/${webhook.id}`, { tls })).headers.get('etag');
    const [first, second] = [await tagAfter(pairOf(other)), await tagAfter(pairOf(client))];
    expect(first).not.toBe(second);
  });

  test('a client certificate in the defaults is shown, and after a change the new one', async () => {
    const other = makeCertificate({ name: 'other', issuer: authority });
    const { url, clients } = await tlsReceiver(issued, { ca: authority.cert });
    expect((await setDefaults({ caPem: authority.cert, ...pairOf(client) })).status).toBe(200);
    await deliverTo(url, {}, 'delivered');
    expect((await setDefaults({ caPem: authority.cert, ...pairOf(other) })).status).toBe(200);
    await deliverTo(url, {}, 'delivered');
    expect(clients).toEqual(['client', 'other']);
  });

  test.each([
    ['a CA that is not PEM', () => ({ caPem: 'MIIB…' }), 'caPem', /BEGIN CERTIFICATE/],
    ['a CA that breaks off', () => ({ caPem: authority.cert.slice(0, 200) }), 'caPem', /breaks off/],
    ['a CA whose base64 is none', () => ({ caPem: authority.cert.replace(/MII/, '!!!') }), 'caPem', /number 1/],
    ['a key among the CAs', () => ({ caPem: authority.cert + authority.key }), 'caPem', /private key/],
    ['an expired CA', () => ({ caPem: authority.cert + expired.cert }), 'caPem', /expired at \d{4}-/],
    ['a pin in upper case', () => ({ pinnedSha256: 'AB'.repeat(32) }), 'pinnedSha256', /: (ab){32}\./],
    ['a pin with colons', () => ({ pinnedSha256: 'ab:'.repeat(31).concat('ab') }), 'pinnedSha256', /: (ab){32}\./],
    ['a pin that is too short', () => ({ pinnedSha256: 'ab' }), 'pinnedSha256', /64/],
    ['a certificate without a key', () => ({ clientCertPem: client.cert }), 'clientKeyPem', /give both/],
    ['a key without a certificate', () => ({ clientKeyPem: client.key }), 'clientCertPem', /give both/],
    ['another key', () => ({ ...pairOf(client), clientKeyPem: issued.key }), 'clientKeyPem', /does not belong/],
    [
      'an encrypted key',
      () => ({ ...pairOf(client), clientKeyPem: encryptedKey(client) }),
      'clientKeyPem',
      /passphrase/,
    ],
    ['a key that is none', () => ({ ...pairOf(client), clientKeyPem: client.cert }), 'clientKeyPem', /PRIVATE KEY/],
    ['an expired certificate', () => pairOf(expired), 'clientCertPem', /expired at \d{4}-/],
    [
      'an issuer first',
      () => ({ ...pairOf(client), clientCertPem: authority.cert + client.cert }),
      'clientCertPem',
      /first/,
    ],
    ['a key to keep where there is none', () => ({ clientKeyPem: SET }), 'clientKeyPem', /give it as text/],
  ] as [string, () => object, string, RegExp][])('%s is refused at its member', async (_what, tls, member, words) => {
    const answer = await save(tls());
    expectProblem(answer, 422, 'validation_failed', [`/tls/${member}`]);
    expect(answer.body.detail).toMatch(words);
  });

  test('an unknown member and a wrong type are refused as malformed', async () => {
    expectProblem(await save({ ca: 'x' }), 400, 'validation_failed', ['/tls/ca']);
    expectProblem(await save({ insecureSkipVerify: 'yes' }), 400, 'validation_failed', ['/tls/insecureSkipVerify']);
  });

  test('defaults that do not go with what a webhook sets itself are refused', async () => {
    expect((await setDefaults(pairOf(client))).status).toBe(200);
    await createWebhook(server(), { url: URL_OF_NOBODY, enabled: false, tls: { clientCertPem: client.cert } });
    const refused = await server().call('PUT', '/settings/webhooks', { tls: pairOf(issued) });
    expectProblem(refused, 422, 'validation_failed', ['/tls/clientKeyPem']);
    expectProblem(await server().call('PUT', '/settings/webhooks', {}), 422, 'validation_failed', [
      '/tls/clientKeyPem',
    ]);
  });
});

describe('the members of tls', () => {
  const pin = (digit: string) => digit.repeat(64);

  test('that a webhook does not set come from the defaults, one by one', async () => {
    expect((await setDefaults({ pinnedSha256: pin('a'), insecureSkipVerify: true })).body.tls).toEqual({
      ...NONE,
      pinnedSha256: pin('a'),
      insecureSkipVerify: true,
    });
    const heir = await createWebhook(server(), { url: URL_OF_NOBODY, enabled: false });
    expect(heir.tls).toMatchObject({ pinnedSha256: pin('a'), insecureSkipVerify: true });
    expect(heir.inherited).toContain('tls');
    const own = await createWebhook(server(), { url: URL_OF_NOBODY, enabled: false, tls: { pinnedSha256: pin('b') } });
    expect(own.tls).toEqual({ ...NONE, pinnedSha256: pin('b'), insecureSkipVerify: true });
    expect(own.inherited).not.toContain('tls');
    const patched = await server().call('PATCH', `/webhooks/${own.id}`, { tls: { pinnedSha256: null } });
    expect(patched.body.tls).toMatchObject({ pinnedSha256: pin('a') });
    const shown = (await server().call('GET', '/settings/webhooks')).body;
    expect((await server().call('PUT', '/settings/webhooks', shown)).body).toEqual(shown);
  });
});

test('insecureSkipVerify is loud: in answers, in the log at once and at the next start, and in the metrics', async () => {
  const [first, receiver] = [await startServer(), await startReceiver()];
  const { id } = await createWebhook(first, { url: receiver.url, enabled: false, name: 'loud' });
  const answer = await first.call('PATCH', `/webhooks/${id}`, { tls: { insecureSkipVerify: true } });
  expect(answer.body).toMatchObject({ tls: { insecureSkipVerify: true }, insecure: ['tls.insecureSkipVerify'] });
  const warning = { level: 'warn', webhookId: id, name: 'loud', settings: ['tls.insecureSkipVerify'] };
  const isWarning = (line: Record<string, unknown>) => line.webhookId === id && line.level === 'warn';
  expect(await first.logged(isWarning)).toMatchObject(warning);
  await first.stop();
  const second = await startServer({ dataDir: first.dataDir, env: { WAYBILL_METRICS_PUBLIC: 'true' } });
  expect(await second.logged(isWarning)).toMatchObject(warning);
  const metrics = await (await fetch(`${second.url}/metrics`)).text();
  expect(metrics).toContain('waybill_webhooks_insecure{setting="tls.insecureSkipVerify"} 1');
  const calm = await second.call('PATCH', `/webhooks/${id}`, { tls: { insecureSkipVerify: null } });
  expect(calm.body).not.toHaveProperty('insecure');
});

test.skipIf(!hasOpenssl)('a rotation of the master key seals client keys anew', async () => {
  const own = await startServer();
  const { url, clients } = await tlsReceiver(issued, { ca: authority.cert });
  const tls = { caPem: authority.cert, ...pairOf(client) };
  await setDefaults(tls, own);
  expect((await own.call('POST', '/keys/rotate')).status).toBe(200);
  await own.stop();
  const again = await startServer({ dataDir: own.dataDir });
  await deliverTo(url, {}, 'delivered', again);
  await deliverTo(url, tls, 'delivered', again);
  expect((await again.call('POST', '/keys/rotate')).status).toBe(200);
  await again.stop();
  const last = await startServer({ dataDir: own.dataDir });
  expect((await last.call('GET', '/webhooks')).status).toBe(200);
  expect(clients).toEqual(['client', 'client']);
});

test.skipIf(!hasOpenssl)(
  'the certificates that webhooks depend on are listed by their end, with who uses them',
  async () => {
    const soon = makeCertificate({ name: 'soon', days: 10, isAuthority: true });
    const late = makeCertificate({ name: 'late', days: 40, isAuthority: true });
    const url = 'https://hooks.example.com/';
    const first = await createWebhook(server(), {
      url,
      tls: { caPem: late.cert + soon.cert },
      eventTypes: [ownType()],
    });
    const second = await createWebhook(server(), { url, tls: { caPem: soon.cert }, eventTypes: [ownType()] });
    await createWebhook(server(), { url, tls: { caPem: soon.cert }, enabled: false });
    const { body } = await server().call('GET', '/webhooks/certificates');
    expect(body.count).toBe(body.certificates.length);
    const mine = [pinOf(soon), pinOf(late)];
    const found = body.certificates.filter(({ sha256 }: { sha256: string }) => mine.includes(sha256));
    expect(found).toMatchObject([
      { sha256: pinOf(soon), subject: 'O=Example, CN=soon', daysLeft: 9 },
      { sha256: pinOf(late), daysLeft: 39, usedBy: [{ type: 'webhook', id: first.id }] },
    ]);
    const users = found[0].usedBy.map(({ id }: { id: string }) => id);
    expect(users.toSorted()).toEqual([first.id, second.id].toSorted());
  },
);
