import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { createWebhook, deliveryInState, ownId, ownType, publish, readUntil } from '../api/stage.ts';
import { describeInBrowser, expectAccessible, refuseStorage, shareBrowser } from '../harness/browser.ts';
import { answering, startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';

const LOG = '/administration/log-viewer';
const NO_RETRY = { strategy: 'delays', delaysMs: [] };

/** Run inside of the page: `longestMs` is then that of the longest task since. */
const WATCH_LONG_TASKS = `
  globalThis.longestMs = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestMs = Math.max(longestMs, duration);
  }).observe({ type: 'longtask' });
`;

describeInBrowser('the log viewer', () => {
  const server = shareServer();
  const browser = shareBrowser();

  /** A receiver, and a webhook with a name of its own that sends to it what no other webhook gets. */
  async function stage(settings: object = {}, status = 204) {
    const receiver = await startReceiver(answering(status));
    const type = ownType();
    const name = `hook ${ownId()}`;
    const webhook = await createWebhook(server(), { url: `${receiver.url}/`, name, eventTypes: [type], ...settings });
    return { receiver, type, name, webhook };
  }

  function visit(path: string, role: 'viewer' | 'operator' = 'operator') {
    return browser().visit(server(), { role, path });
  }

  /** Opens the list of a webhook, read since its stream began: only what happens from now on is told of. */
  async function follow(webhookId: string): Promise<Page> {
    const page = await visit('/about');
    const answered: string[] = [];
    page.on('response', (response) => answered.push(new URL(response.url()).pathname));
    await page.goto(`${LOG}?webhookId=${webhookId}`);
    const sinceStream = () => answered.slice(answered.indexOf('/api/v1/stream')).includes('/api/v1/deliveries');
    await expect.poll(() => answered.includes('/api/v1/stream') && sinceStream()).toBe(true);
    await page.getByText('Live', { exact: true }).waitFor();
    return page;
  }

  function rows(page: Page) {
    return page.getByRole('table', { name: 'Deliveries' }).locator('tbody').getByRole('row');
  }

  async function openViews(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menu', { name: 'Views' }).waitFor();
  }

  /** By keys alone, as the focus goes from the menu to the field and back. */
  async function saveView(page: Page, name: string): Promise<void> {
    await openViews(page);
    await page.getByRole('menuitem', { name: 'Save this view…' }).press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Save these filters as a view' });
    await dialog.locator('input:focus').waitFor();
    await page.keyboard.insertText(name);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Views' }).and(page.locator(':focus')).waitFor();
  }

  /** What the URL says. */
  function filtersOf(page: Page): Record<string, string> {
    return Object.fromEntries(new URL(page.url()).searchParams);
  }

  test('finds what failed by filters that are in the URL, says why, and tries it again', async () => {
    const { receiver, webhook, type, name } = await stage({ retry: NO_RETRY }, 500);
    receiver.respond = (_arrival, response) => response.writeHead(500).end('<h1 id="run">no</h1>');
    await deliveryInState(server(), await publish(server(), type, { n: 1 }), webhook.id, 'exhausted');
    const page = await visit(LOG);
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Exhausted' }).click();
    await page.getByRole('combobox', { name: 'Webhook' }).fill(name);
    await page.getByRole('option', { name }).click();
    await page.waitForURL(/state=exhausted.*webhookId=wh_|webhookId=wh_.*state=exhausted/);
    await page.reload();
    await rows(page).getByRole('link', { name: type }).click();
    const detail = page.getByRole('dialog', { name: 'Delivery' });
    await detail.getByText('Why it was not delivered').waitFor();
    await detail.getByText('look into its log').waitFor();
    await detail.getByRole('region', { name: 'Response: Body' }).getByText('<h1 id="run">').waitFor();
    expect(await page.locator('#run').count()).toBe(0);
    await expectAccessible(page);

    receiver.respond = answering(204);
    await detail.getByRole('button', { name: 'Retry now' }).click();
    await detail.getByText('Sent again for').waitFor();
    await detail.getByRole('button', { name: /^Attempt 1 Delivered · 204/ }).waitFor();
    await detail.getByRole('link', { name: 'Open as a page' }).click();
    await page.getByRole('heading', { level: 1, name: 'Delivery' }).waitFor();
    await expectAccessible(page);
  });

  test('lets new deliveries wait until they are asked for, and what is there change in place', async () => {
    const { webhook, type } = await stage();
    const first = await publish(server(), type);
    await deliveryInState(server(), first, webhook.id, 'delivered');
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    await publish(server(), type);
    const page = await follow(webhook.id);
    await rows(page).nth(1).waitFor();
    await rows(page).first().getByText('Pending').waitFor();
    await publish(server(), type);
    await publish(server(), type);
    const fresh = page.getByRole('button', { name: 'Show 2 new' });
    await fresh.waitFor();
    expect(await rows(page).count()).toBe(2);
    await server().call('POST', `/webhooks/${webhook.id}/resume`);
    await rows(page).first().getByText('Delivered').waitFor();
    await fresh.click();
    await rows(page).nth(3).waitFor();
    await fresh.waitFor({ state: 'detached' });
  });

  test('tells of new deliveries also after more than anybody counts', async () => {
    const { webhook, type } = await stage();
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    await publish(server(), type);
    const page = await follow(webhook.id);
    await rows(page).first().waitFor();
    const many = Array.from({ length: 1_000 }, (_, n) => ({ type, data: { n } }));
    for (let times = 0; times < 2; times += 1) await server().call('POST', '/events', many);
    await page.getByRole('button', { name: 'Show more than 999 new' }).click();
    await rows(page).nth(49).waitFor();
    await publish(server(), type);
    await page.getByRole('button', { name: 'Show 1 new', exact: true }).waitFor();
  });

  test('shows in its fields what the way back leads to, as typed before or folded away', async () => {
    const page = await visit(`${LOG}?errorCode=timeout`);
    const search = page.getByRole('searchbox', { name: 'Search' });
    await search.fill('nightly');
    await page.waitForURL(/q=nightly/);
    await page.getByRole('link', { name: 'Deliveries' }).click();
    await expect.poll(() => search.inputValue()).toBe('');
    await page.getByRole('button', { name: 'Fewer filters' }).click();
    await page.getByRole('combobox', { name: 'Error code' }).waitFor({ state: 'detached' });
    await page.goBack();
    await expect.poll(() => search.inputValue()).toBe('nightly');
    expect(await page.getByRole('combobox', { name: 'Error code' }).inputValue()).toBe('timeout');
  });

  test('keeps filters under a name in this browser, and goes to them from elsewhere', async () => {
    const { webhook, type, name: hook } = await stage({ retry: NO_RETRY }, 500);
    await deliveryInState(server(), await publish(server(), type), webhook.id, 'exhausted');
    const other = await stage({ retry: NO_RETRY }, 404);
    await deliveryInState(server(), await publish(server(), other.type), other.webhook.id, 'exhausted');
    const name = '<b id="run">ليلة</b>';
    const page = await visit(`${LOG}?webhookId=${webhook.id}&errorCode=http_status`);
    await saveView(page, name);
    await page.getByText(`“${name}” is saved`).waitFor();

    await page.getByRole('link', { name: 'Replays' }).click();
    await page.waitForURL(`**${LOG}/replays`);
    await page.reload();
    await page.getByRole('link', { name: 'Deliveries' }).click();
    await rows(page).getByRole('link', { name: other.type }).waitFor();
    await openViews(page);
    await page.getByRole('menuitemradio', { name: 'Everything', checked: true }).waitFor();
    await expectAccessible(page);
    await page.getByRole('menuitemradio', { name, checked: false }).click();
    await rows(page).getByRole('link', { name: other.type }).waitFor({ state: 'detached' });
    await rows(page).getByRole('link', { name: type }).waitFor();
    expect(filtersOf(page)).toEqual({ webhookId: webhook.id, errorCode: 'http_status' });
    expect(await page.getByRole('combobox', { name: 'Webhook' }).inputValue()).toBe(hook);
    // It is one of those that are folded away.
    expect(await page.getByRole('combobox', { name: 'Error code' }).inputValue()).toBe('http_status');
    await openViews(page);
    await page.getByRole('menuitemradio', { name, checked: true }).waitFor();
    expect(await page.locator('#run').count()).toBe(0);
    await page.keyboard.press('Escape');

    await page.goBack();
    await rows(page).getByRole('link', { name: other.type }).waitFor();
    expect(filtersOf(page)).toEqual({});
    await page.goForward();
    await rows(page).getByRole('link', { name: other.type }).waitFor({ state: 'detached' });
    await openViews(page);
    await page.getByRole('menuitem', { name: `Remove “${name}”` }).click();
    await page.getByText('is removed').waitFor();
    await page.reload();
    await openViews(page);
    await page.getByRole('menuitemradio', { name: 'Exhausted', exact: true }).waitFor();
    expect(await page.getByRole('menuitemradio', { name }).count()).toBe(0);
  });

  test('has views that are always there, and shows in the filters what they are', async () => {
    const { webhook, type } = await stage({ retry: NO_RETRY }, 500);
    await deliveryInState(server(), await publish(server(), type), webhook.id, 'exhausted');
    const well = await stage();
    await deliveryInState(server(), await publish(server(), well.type), well.webhook.id, 'delivered');
    const page = await visit(LOG, 'viewer');
    await rows(page).getByRole('link', { name: well.type }).waitFor();
    await openViews(page);
    await page.getByRole('menuitemradio', { name: 'Exhausted, last 24 hours' }).click();
    await rows(page).getByRole('link', { name: well.type }).waitFor({ state: 'detached' });
    await rows(page).getByRole('link', { name: type }).waitFor();
    expect(filtersOf(page)).toEqual({ state: 'exhausted', range: '24h' });
    expect(await page.getByRole('combobox', { name: 'State' }).inputValue()).toBe('Exhausted');
    expect(await page.getByRole('combobox', { name: 'Time' }).inputValue()).toBe('Last 24 hours');
    await openViews(page);
    await page.getByRole('menuitemradio', { name: 'Exhausted, last 24 hours', checked: true }).waitFor();
    await page.getByRole('menuitemradio', { name: 'Everything' }).click();
    await rows(page).getByRole('link', { name: well.type }).waitFor();
  });

  test('shows the times of a view in the place of others', async () => {
    const page = await visit(`${LOG}?from=2026-03-01T00:00:00.000Z`);
    const from = page.getByLabel('From', { exact: true });
    const march = await from.inputValue();
    await saveView(page, 'since March');
    await page.goto(`${LOG}?from=2026-04-01T00:00:00.000Z`);
    await openViews(page);
    await page.getByRole('menuitemradio', { name: 'since March' }).click();
    await expect.poll(() => from.inputValue()).toBe(march);
  });

  test('replaces a view of the same name after saying so, and takes no name that is too long', async () => {
    const page = await visit(`${LOG}?state=pending&q=one`);
    await saveView(page, 'mine');
    await page.goto(`${LOG}?state=pending&q=two`);
    await openViews(page);
    await page.getByRole('menuitem', { name: 'Save this view…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Save these filters as a view' });
    const field = dialog.getByRole('textbox', { name: 'Name' });
    await field.fill('x'.repeat(200));
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true');
    await field.fill(' mine ');
    await dialog.getByText('“mine” is there already').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Replace' }).click();
    await dialog.waitFor({ state: 'detached' });
    await openViews(page);
    await page.getByRole('menuitemradio', { name: 'mine', checked: true }).waitFor();
    expect(await page.getByRole('menuitemradio', { name: 'mine' }).count()).toBe(1);
  });

  test('says so where the browser keeps nothing, and has the other views all the same', async () => {
    const page = await visit(`${LOG}?state=cancelled`);
    await refuseStorage(page);
    await openViews(page);
    await page.getByRole('menuitem', { name: 'Save this view…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Save these filters as a view' });
    await dialog.getByRole('textbox', { name: 'Name' }).fill('mine');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('This browser does not let Waybill keep anything.').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await openViews(page);
    await page.getByRole('menuitemradio', { name: 'Everything' }).click();
    await page.waitForURL(`**${LOG}`);
  });

  test('goes on to older ones, and back', async () => {
    const { webhook, type } = await stage();
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    await server().call(
      'POST',
      '/events',
      Array.from({ length: 60 }, (_, n) => ({ type, data: { n } })),
    );
    const page = await visit(`${LOG}?webhookId=${webhook.id}`);
    await rows(page).nth(49).waitFor();
    await page.getByRole('button', { name: 'Older' }).click();
    await page.waitForURL(/cursor=/);
    await rows(page).nth(10).waitFor({ state: 'detached' });
    expect(await rows(page).count()).toBe(10);
    await page.goBack();
    await rows(page).nth(49).waitFor();
  });

  test('replays what a filter finds, after saying how much that is, and stops it again', async () => {
    const { receiver, webhook, type } = await stage({ retry: NO_RETRY }, 404);
    for (let n = 0; n < 3; n += 1) {
      await deliveryInState(server(), await publish(server(), type, { n }), webhook.id, 'exhausted');
    }
    receiver.respond = answering(204);
    // By status: a replay cannot choose by that, so the events are named.
    const page = await visit(`${LOG}?webhookId=${webhook.id}&status=404`);
    await page.getByRole('button', { name: 'Replay these…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay what this list shows' });
    await dialog.getByText('3 deliveries are made').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Replay 3' }).click();
    await page.waitForURL(`**${LOG}/replays`);
    await page.getByRole('row').filter({ hasText: '3 events' }).getByText('3 of 3').waitFor();

    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    await page.goto(`${LOG}?webhookId=${webhook.id}&state=delivered`);
    await page.getByRole('button', { name: 'Replay these…' }).click();
    await dialog.getByRole('button', { name: 'Replay 3' }).click();
    const running = page.getByRole('row').filter({ hasText: 'Running' });
    await running.waitFor();
    await expectAccessible(page);
    await running.getByRole('button', { name: /^Cancel the replay/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel', exact: true }).last().click();
    await page.getByRole('row').filter({ hasText: 'Cancelled' }).waitFor();
  });

  test('exports what the filter finds', async () => {
    const { webhook, type } = await stage();
    for (let n = 0; n < 2; n += 1) await publish(server(), type, { n });
    const page = await visit(`${LOG}?webhookId=${webhook.id}`, 'viewer');
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'As CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^waybill-deliveries-.*\.csv$/);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/);
    expect(lines.map((line) => line.split(',')[3])).toEqual(['webhookId', webhook.id, webhook.id]);
  });

  test('sends one event to another webhook, and copies its request for curl', async () => {
    const { webhook, type } = await stage();
    const other = await stage();
    const eventId = await publish(server(), type, { told: 'once' });
    const { id } = await deliveryInState(server(), eventId, webhook.id, 'delivered');
    const page = await visit(`${LOG}/deliveries/${id}?part=request`);
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^curl -i -X POST .*"told":"once"/);
    await page.getByRole('button', { name: 'Replay…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Send this event again' });
    await dialog.getByRole('combobox', { name: 'To the webhook' }).fill(other.name);
    await page.getByRole('option', { name: other.name }).click();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Replay' }).click();
    await dialog.waitFor({ state: 'detached' });
    await deliveryInState(server(), eventId, other.webhook.id, 'delivered');
  });

  test('cancels a delivery that is open, in a dialog that Escape closes alone', async () => {
    const { webhook, type } = await stage();
    await server().call('POST', `/webhooks/${webhook.id}/pause`);
    const { id } = await deliveryInState(server(), await publish(server(), type), webhook.id, 'pending');
    const page = await visit(`${LOG}?webhookId=${webhook.id}&open=${id}`);
    const detail = page.getByRole('dialog', { name: 'Delivery' });
    await detail.getByText('The webhook is paused').waitFor();
    await detail.getByRole('button', { name: 'Cancel delivery' }).click();
    const question = page.getByRole('dialog', { name: 'Cancel this delivery?' });
    await question.waitFor();
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    await detail.getByRole('button', { name: 'Cancel delivery' }).click();
    await question.getByRole('button', { name: 'Cancel delivery' }).click();
    await detail.getByText('Somebody has cancelled it').waitFor();
    // The stream may tell of it before the answer does that closes the question.
    await question.waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await detail.waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.has('open')).toBe(false);
    await rows(page).first().getByText('Cancelled').waitFor();
  });

  test('shows a megabyte, and HTML in it, as text and without standing still', async () => {
    const { webhook, type } = await stage();
    const rowsOfEvent = Array.from({ length: 9_000 }, (_, n) => ({
      n,
      html: '<img src=x onerror=alert(1)>',
      x: 'x'.repeat(50),
    }));
    const { id } = await deliveryInState(
      server(),
      await publish(server(), type, { rows: rowsOfEvent }),
      webhook.id,
      'delivered',
    );
    const page = await visit(`${LOG}/deliveries/${id}`);
    await page.getByRole('tab', { name: 'Response' }).waitFor();
    await page.evaluate(WATCH_LONG_TASKS);
    await page.getByRole('tab', { name: 'Request' }).click();
    // Not by a locator: to look for a text in a megabyte is a long task itself.
    const isLaidOut = `document.querySelector('.text-view')?.lastElementChild?.textContent.endsWith('}')`;
    await expect.poll(() => page.evaluate(isLaidOut)).toBe(true);
    const longestMs = await page.evaluate('longestMs');
    // Some 100 while others are at work on this machine, and 1,800 if all of it were laid out in one go.
    expect(longestMs).toBeLessThan(1_000);
    const body = page.getByRole('region', { name: 'Request: Body' });
    await body.getByText('"n": 8999').waitFor({ state: 'attached' });
    expect(await page.locator('img[src="x"]').count()).toBe(0);
  });

  test('finds lines of the system log by “webhook”, and unfolds them', async () => {
    const { webhook, type } = await stage();
    await deliveryInState(server(), await publish(server(), type), webhook.id, 'delivered');
    await readUntil(server(), `/logs?q=${webhook.id}`, ({ items }) => items.length > 0);
    const page = await visit(`${LOG}/system`, 'viewer');
    await page.getByRole('searchbox', { name: 'Search' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(webhook.id);
    await page.waitForURL(/q=wh_/);
    const line = page
      .getByRole('list', { name: 'Lines' })
      .getByRole('listitem')
      .filter({ hasText: 'delivery.attempted' });
    await line.first().click();
    await line.first().getByText('webhookId', { exact: true }).waitFor();
    await expectAccessible(page);
    await page.getByRole('searchbox', { name: 'Search' }).fill('webhook');
    await page.waitForURL(/q=webhook/);
    await line.first().waitFor();
    await page.getByRole('searchbox', { name: 'Search' }).fill(`no such line ${ownId()}`);
    await page.getByText('Nothing matches').waitFor();
  });

  test('shows a viewer everything, and no button that would be refused', async () => {
    const { webhook, type } = await stage();
    const { id } = await deliveryInState(server(), await publish(server(), type), webhook.id, 'delivered');
    const page = await visit(`${LOG}?webhookId=${webhook.id}&open=${id}`, 'viewer');
    await page.getByRole('dialog', { name: 'Delivery' }).getByRole('tab', { name: 'Request' }).click();
    await page.getByRole('region', { name: 'Request: Body' }).waitFor();
    for (const name of ['Retry now', 'Replay…', 'Cancel delivery', 'Replay these…']) {
      expect(await page.getByRole('button', { name }).count(), name).toBe(0);
    }
    await page.keyboard.press('Escape');
    await rows(page).first().waitFor();
    await expectAccessible(page);
  });
});
