/**
 * Makes docs/screenshots: every page with something on it, light and dark, from a server that runs for a moment on a
 * folder of its own. Needs the pages built and Chromium at /usr/bin/chromium:
 *
 *     node tools/make-screenshots.ts
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { readSettings } from '../src/config/index.ts';
import { type End, runServer } from '../src/main.ts';

const SCREENSHOTS = fileURLToPath(new URL('../docs/screenshots/', import.meta.url));
const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
const API_KEY = 'of-the-screenshots-and-gone-with-them';
const SCHEMES = ['light', 'dark'] as const;

/** What stands for the id of something that was made, in the path of its page. */
type Made = Record<'webhook' | 'delivery' | 'event', string>;

const PAGES: readonly [name: string, path: (made: Made) => string][] = [
  ['dashboard', () => '/dashboard'],
  ['events', () => '/events'],
  ['event', ({ event }) => `/events/${event}`],
  ['webhooks', () => '/settings/notification-services/webhooks'],
  ['webhook', ({ webhook }) => `/settings/notification-services/webhooks/${webhook}`],
  ['template-editor', () => '/settings/notification-services/templates'],
  ['webhooks-by-station', () => '/integrations/webhooks'],
  ['inbox', () => '/integrations/inbox/partner'],
  ['log-viewer', () => '/administration/log-viewer'],
  ['delivery', ({ delivery }) => `/administration/log-viewer/deliveries/${delivery}`],
  ['api-keys', () => '/administration/api-keys'],
  ['users', () => '/administration/users'],
];

type Call = <T>(method: string, path: string, body?: unknown) => Promise<T>;

function createCall(url: string): Call {
  return async <T>(method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
    return (answer.status === 204 ? null : await answer.json()) as T;
  };
}

interface Item {
  id: string;
  state: string;
  eventId: string;
}

/** Makes webhooks, a receiver that is well and one that is not, and a morning's events. */
async function furnish(call: Call): Promise<Made> {
  const well = await call<{ url: string }>('PUT', '/inboxes/partner', {});
  const ill = await call<{ url: string }>('PUT', '/inboxes/warehouse', { answer: { status: 500 } });
  const retry = { strategy: 'fixed', maxAttempts: 20, delayMs: 30_000 };
  const webhook = await call<Item>('POST', '/webhooks', { name: 'Partner portal', url: well.url });
  await call('POST', '/webhooks', { name: 'Warehouse', url: ill.url, eventTypes: ['transfer.*'], retry });
  const scope = { stationIds: ['acme-as2'] };
  const named = { name: 'Invoices of ACME', url: well.url, eventTypes: ['message.*'], scope };
  await call('POST', '/webhooks', named);
  const { items: types } = await call<{ items: { type: string; sample: object }[] }>('GET', '/event-types');
  const wanted = types.filter(({ type }) => /^(transfer|message)\./.test(type));
  for (let round = 0; round < 3; round += 1) {
    for (const { type, sample } of wanted) await call('POST', '/events', { type, data: sample });
  }
  const delivered = await untilDelivered(call, webhook.id, wanted.length * 3);
  return { webhook: webhook.id, delivery: delivered.id, event: delivered.eventId };
}

async function untilDelivered(call: Call, webhookId: string, count: number): Promise<Item> {
  for (;;) {
    const path = `/deliveries?webhookId=${webhookId}&state=delivered&limit=250`;
    const { items } = await call<{ items: Item[] }>('GET', path);
    if (items.length >= count) return items[0] as Item;
  }
}

/** Signs an administrator in, as whom the pages are seen. */
async function signIn(context: BrowserContext, url: string, call: Call): Promise<void> {
  const user = { email: 'ada@example.com', password: 'a long enough passphrase' };
  await call('POST', '/users', { ...user, name: 'Ada Lovelace', role: 'admin' });
  await context.request.post(`${url}/api/v1/session`, { data: user });
}

async function photograph(browser: Browser, url: string): Promise<void> {
  const call = createCall(url);
  const made = await furnish(call);
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' });
  await signIn(context, url, call);
  const page = await context.newPage();
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    for (const [name, path] of PAGES) {
      await page.goto(url + path(made));
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page
        .waitForFunction('document.querySelector("[role=status], .mantine-Skeleton-root") === null')
        .catch(() => undefined);
      await page.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}.png`) });
    }
  }
  await context.close();
}

const dataDir = mkdtempSync(join(tmpdir(), 'waybill-screenshots-'));
const flags = { dataDir, listen: '127.0.0.1:0', apiKey: API_KEY, logFormat: 'json' };
const { settings, secrets } = await readSettings({ flags, env: {}, workingDir: dataDir, isTerminal: false });
mkdirSync(SCREENSHOTS, { recursive: true });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

function shoot(url: string, end: End): void {
  photograph(browser, url).then(
    () => end(0),
    (error: unknown) => {
      console.error(error);
      end(1);
    },
  );
}

try {
  process.exitCode = await runServer({ settings, secrets, onListening: (app, end) => shoot(app.url, end) });
} finally {
  await browser.close();
  rmSync(dataDir, { recursive: true, force: true });
}
process.exit();
