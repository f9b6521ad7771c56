import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { parseEgressAllow } from '../src/egress/index.ts';
import { listEvents } from '../src/events/events.store.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { createIds } from '../src/kernel/ids.ts';
import { systemRandom } from '../src/kernel/random.ts';
import { createKeyring } from '../src/kernel/sealing.ts';
import type { Store } from '../src/store/index.ts';
import { createExpiryWatch, createWebhooks, openDirectory } from '../src/webhooks/index.ts';
import { createWebhook, deliveryInState, ownType, publish, readUntil } from './api/stage.ts';
import { hasOpenssl, type KeyPair, makeCertificate, pinOf } from './harness/certificates.ts';
import { startReceiver } from './harness/receiver.ts';
import { makeDataDir, startServer } from './harness/server.ts';
import { openServerStore } from './harness/store.ts';

const DAY_MS = 86_400_000;
const EVERYTHING = { type: null, from: null, to: null, q: null, limit: 250, before: null };
const pairOf = ({ cert, key }: KeyPair) => ({ clientCertPem: cert, clientKeyPem: key });

/** The watch of a server on that store, at an instant that the test sets. */
async function openWatch(store: Store) {
  let now = Date.now();
  const clock = { ...systemClock, now: () => now };
  const sealer = createKeyring([new Uint8Array(32)]);
  const directory = await openDirectory(store, sealer);
  const ids = createIds(systemRandom);
  const rules = () => parseEgressAllow('');
  const unused = () => expect.unreachable('no webhook here has a template');
  const templates = { inspect: unused };
  const checks = { templates, instance: unused };
  const webhooks = createWebhooks({ store, directory, sealer, clock, ids, random: systemRandom, rules, ...checks });
  const onFault = (error: unknown) => expect.unreachable(String(error));
  const watch = createExpiryWatch({ store, directory, clock, onWarning: () => undefined, onFault });
  onTestFinished(() => watch.stop());
  return {
    watch,
    save: (name: string, settings: object) =>
      webhooks.create({ name, url: 'https://hooks.example.com/a', ...settings }, null),
    /** Looks when the certificate has so many days left. */
    async lookAt(daysLeft: number, lifetimeDays = 90) {
      now = Date.now() + (lifetimeDays - daysLeft) * DAY_MS;
      return watch.look();
    },
  };
}

async function warnings(store: Store) {
  const { rows } = await store.read(listEvents, EVERYTHING as never);
  return rows
    .filter(({ type }) => type === 'certificate.expiring')
    .map(({ data }) => JSON.parse(data).certificate)
    .reverse();
}

test.skipIf(!hasOpenssl)(
  'a certificate is warned of 30, 7 and 1 days before its end, once each, also over a restart',
  async () => {
    const folder = makeDataDir();
    const pair = makeCertificate({ name: 'client', days: 90 });
    const store = await openServerStore(folder);
    const first = await openWatch(store);
    await first.save('one', { tls: pairOf(pair) });
    await first.save('two', { tls: { caPem: pair.cert } });
    await first.save('off', { tls: { caPem: pair.cert }, enabled: false });
    const published: number[] = [];
    for (const daysLeft of [89, 31, 29.9, 20, 6.9, 6]) published.push(await first.lookAt(daysLeft));
    expect(published).toEqual([0, 0, 1, 0, 1, 0]);
    const second = await openWatch(store);
    for (const daysLeft of [6, 5, 0.9, 0.5, -3]) published.push(await second.lookAt(daysLeft));
    expect(published.slice(6)).toEqual([0, 0, 1, 0, 0]);
    const [warning, ...others] = await warnings(store);
    expect(warning).toEqual({
      id: pinOf(pair),
      subject: 'O=Example, CN=client',
      notAfter: expect.stringMatching(/^\d{4}-.*Z$/),
      usedBy: expect.arrayContaining(
        ['one', 'two'].map((name) => ({ type: 'webhook', id: expect.stringMatching(/^wh_/), name })),
      ),
    });
    expect(warning.usedBy).toHaveLength(2);
    expect(others).toHaveLength(2);
  },
);

test.skipIf(!hasOpenssl)('a certificate found late is warned of once for the days that are left', async () => {
  const store = await openServerStore(makeDataDir());
  const { save, lookAt } = await openWatch(store);
  await save('one', { tls: { caPem: makeCertificate({ days: 90 }).cert + makeCertificate({ days: 200 }).cert } });
  expect([await lookAt(5), await lookAt(5)]).toEqual([1, 0]);
});

test('what a receiver has shown last is watched, as long as the webhook leads there', async () => {
  const store = await openServerStore(makeDataDir());
  const { watch, save, lookAt } = await openWatch(store);
  const { webhook } = await save('one', {});
  const notAfter = new Date(Date.now() + 90 * DAY_MS).toISOString();
  const shown = (sha256: string) => ({ sha256, subject: 'CN=x', notAfter });
  watch.saw(webhook.record.id, 'https://elsewhere.example.com', shown('aa'));
  watch.saw('wh_none', 'https://hooks.example.com', shown('bb'));
  expect(await lookAt(5)).toBe(0);
  watch.saw(webhook.record.id, 'https://hooks.example.com', shown('cc'));
  expect(await lookAt(5)).toBe(1);
  const again = await openWatch(store);
  expect([await again.lookAt(4), await again.lookAt(0.5)]).toEqual([0, 1]);
  expect((await warnings(store)).map(({ id }) => id)).toEqual(['cc', 'cc']);
});

test('what a token endpoint has shown last is watched too, as long as tokens come from there', async () => {
  const store = await openServerStore(makeDataDir());
  const { watch, save, lookAt } = await openWatch(store);
  const auth = { type: 'oauth2', tokenUrl: 'https://tokens.example.com/t', clientId: 'c', clientSecret: 'of a test' };
  const { webhook } = await save('one', { auth });
  const notAfter = new Date(Date.now() + 90 * DAY_MS).toISOString();
  const shown = (sha256: string) => ({ sha256, subject: 'CN=x', notAfter });
  watch.saw(`${webhook.record.id} token`, 'https://elsewhere.example.com', shown('aa'));
  watch.saw(webhook.record.id, 'https://tokens.example.com', shown('bb'));
  expect(await lookAt(5)).toBe(0);
  watch.saw(`${webhook.record.id} token`, 'https://tokens.example.com', shown('cc'));
  watch.saw(webhook.record.id, 'https://hooks.example.com', shown('dd'));
  expect(await lookAt(5)).toBe(2);
  const again = await openWatch(store);
  expect([await again.lookAt(4), await again.lookAt(0.5)]).toEqual([0, 2]);
});

test.skipIf(!hasOpenssl)(
  'webhooks hear of certificates that expire: those in settings, and those of receivers',
  async () => {
    const receiver = await startReceiver();
    const server = await startServer();
    const [own, theirs] = [makeCertificate({ days: 5 }), makeCertificate({ days: 20, altName: 'IP:127.0.0.1' })];
    const https = createServer(theirs, (request, response) => {
      request.resume().on('end', () => response.writeHead(204).end());
    });
    await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void https.close());
    await createWebhook(server, { url: receiver.url, eventTypes: ['certificate.*'], payload: { format: 'standard' } });
    const url = `https://127.0.0.1:${(https.address() as AddressInfo).port}/`;
    const type = ownType();
    const tls = { pinnedSha256: pinOf(theirs), ...pairOf(own) };
    const { id, name } = await createWebhook(server, { name: 'both', url, eventTypes: [type], tls });
    await deliveryInState(server, await publish(server, type), id, 'delivered');
    const arrivals = await receiver.arrived(2);
    const certificates = arrivals.map(({ body }) => JSON.parse(body).data.certificate);
    expect(new Set(certificates.map((certificate) => certificate.id))).toEqual(new Set([pinOf(own), pinOf(theirs)]));
    expect(certificates[0].usedBy).toEqual([{ type: 'webhook', id, name }]);
    expect(await server.logged(({ msg }) => msg === 'a certificate expires soon')).toMatchObject({ level: 'warn' });
    const { items } = await readUntil(server, '/events?type=certificate.expiring', (page) => page.items.length === 2);
    expect(items).toHaveLength(2);
  },
);
