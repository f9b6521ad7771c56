import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { createWebhook, ownId, ownType, publish } from '../api/stage.ts';
import { describeInBrowser, expectAccessible, shareBrowser } from '../harness/browser.ts';
import { answering, startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';

const LIST = '/settings/notification-services/webhooks';
const URL_OF_NOBODY = 'http://127.0.0.1:9/';

function heading(page: Page, name: string): Promise<void> {
  return page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

describeInBrowser('webhooks', () => {
  const server = shareServer();
  const browser = shareBrowser();

  async function webhooksNamed(name: string) {
    const { items } = (await server().call('GET', '/webhooks?limit=250')).body;
    return items.filter((webhook: { name: string }) => webhook.name === name);
  }

  test('one is made, tested before it is saved, shows its secret once, and delivers', async () => {
    const receiver = await startReceiver(answering(200, { 'x-answer': '<b>bold</b>' }));
    const page = await browser().visit(server(), { role: 'admin', path: LIST });
    const name = `made here ${ownId()}`;
    await page.getByRole('link', { name: 'New webhook' }).first().click();
    await heading(page, 'New webhook');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByLabel('Name', { exact: true }).and(page.locator('[aria-invalid="true"]')).waitFor();

    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByLabel('URL', { exact: true }).fill(`${receiver.url}/hook`);
    await page.getByRole('button', { name: 'Set here: Timeout' }).click();
    await page.getByLabel('Timeout', { exact: true }).fill('soon');
    await page.getByRole('button', { name: 'Set here: Events' }).click();
    await page.getByText('Chosen events', { exact: true }).click();
    await page.getByRole('button', { name: 'Events of transfer' }).click();
    await page.getByRole('checkbox', { name: 'transfer.completed', exact: true }).check();
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByLabel('Timeout', { exact: true }).and(page.locator('[aria-invalid="true"]')).waitFor();
    await page.getByLabel('Timeout', { exact: true }).fill('2 s');

    await page.getByRole('button', { name: 'Test Connection' }).click();
    await page.getByText('The receiver took it').waitFor();
    await page.getByText('x-answer: <b>bold</b>').waitFor();
    await expectAccessible(page);
    expect(await webhooksNamed(name)).toEqual([]);
    expect(receiver.arrivals.map(({ headers }) => headers['x-waybill-event'])).toEqual(['webhook.test']);

    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('button', { name: 'Copy the signing secret' }).click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^whsec_/);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await heading(page, name);
    expect(await page.textContent('body')).not.toContain('whsec_');

    await publish(server(), 'transfer.completed', { transfer: { id: 't-1', name: 'Backup', status: 'success' } });
    await page.getByRole('row').filter({ hasText: 'transfer.completed' }).getByText('Delivered').waitFor();
    const [made] = await webhooksNamed(name);
    expect(made).toMatchObject({ timeoutMs: 2_000, eventTypes: ['transfer.completed'], method: 'POST' });
    expect(made.inherited).toEqual(expect.arrayContaining(['method', 'retry']));
    expect(made.inherited).not.toContain('timeoutMs');
    await server().call('DELETE', `/webhooks/${made.id}`);
  });

  test('a kept secret survives a test and a change, a setting goes back to inherited, and a header away', async () => {
    const receiver = await startReceiver();
    const { id } = await createWebhook(server(), {
      url: `${receiver.url}/`,
      auth: { type: 'basic', username: 'u', password: 'secret' },
      headers: { 'X-A': '1', 'X-B': '2' },
      timeoutMs: 3_000,
    });
    const page = await browser().visit(server(), { role: 'admin', path: `${LIST}/${id}/edit` });
    await page.getByText('Set, and never shown').waitFor();
    await page.getByLabel('User name').fill('somebody');
    await page.getByRole('button', { name: 'Remove header 2' }).click();
    await page.getByRole('button', { name: 'Use inherited: Timeout' }).click();
    expect(await page.getByLabel('Timeout', { exact: true }).inputValue()).toBe('15 s');
    await page.getByText('What this means for deliveries that are on their way').waitFor();
    await page.getByRole('button', { name: 'Test Connection' }).click();
    await page.getByText('The receiver took it').waitFor();
    const [arrival] = await receiver.arrived(1);
    expect(arrival?.headers.authorization).toBe(`Basic ${Buffer.from('somebody:secret').toString('base64')}`);
    await page.getByRole('link', { name: 'Users' }).click();
    await page.getByRole('dialog', { name: 'Leave without saving?' }).getByRole('button', { name: 'Stay' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await heading(page, 'of a test');
    const { body } = await server().call('GET', `/webhooks/${id}`);
    expect(body).toMatchObject({ auth: { username: 'somebody', password: { set: true } }, headers: { 'X-A': '1' } });
    expect(body.headers).toEqual({ 'X-A': '1' });
    expect(body.inherited).toContain('timeoutMs');
  });

  test('of two changes both are shown, and the one that is chosen stays', async () => {
    const { id } = await createWebhook(server(), { url: URL_OF_NOBODY, timeoutMs: 3_000 });
    const page = await browser().visit(server(), { role: 'admin', path: `${LIST}/${id}/edit` });
    await page.getByLabel('Timeout', { exact: true }).fill('4 s');
    expect((await server().call('PATCH', `/webhooks/${id}`, { timeoutMs: 5_000, method: 'PUT' })).status).toBe(200);
    await page.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Somebody else has changed this' });
    await dialog.getByRole('row').filter({ hasText: 'Timeout' }).getByText('5 s').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Save yours instead' }).click();
    await heading(page, 'of a test');
    expect((await server().call('GET', `/webhooks/${id}`)).body).toMatchObject({ timeoutMs: 4_000 });
  });

  test('one is found, paused, resumed, copied, and deleted with time to take that back', async () => {
    const name = `mine ${ownId()}`;
    const { id } = await createWebhook(server(), { name, url: URL_OF_NOBODY });
    const page = await browser().visit(server(), { role: 'admin', path: LIST });
    await page.getByRole('searchbox', { name: 'Search' }).fill(name);
    const row = page.getByRole('row').filter({ hasText: name });
    const choose = async (verb: string): Promise<void> => {
      await row.getByRole('button', { name: `Actions for ${name}` }).click();
      await page.getByRole('menuitem', { name: verb, exact: true }).click();
    };
    await choose('Pause');
    await row.getByText('Paused', { exact: true }).waitFor();
    await page.waitForURL((url) => url.searchParams.get('q') === name);
    await choose('Resume');
    await row.getByText('Active', { exact: true }).waitFor();
    await expectAccessible(page);

    await choose('Delete');
    await row.waitFor({ state: 'detached' });
    await page.getByText('Nothing matches').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await row.waitFor();
    expect((await server().call('GET', `/webhooks/${id}`)).status).toBe(200);

    await choose('Duplicate');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await heading(page, `${name} (copy)`);
    const [copy] = await webhooksNamed(`${name} (copy)`);
    expect(copy).toMatchObject({ url: URL_OF_NOBODY });
    await server().call('DELETE', `/webhooks/${copy.id}`);
  });

  test('a receiver that refuses is told of with its whole answer and what to do', async () => {
    const receiver = await startReceiver(answering(404));
    const { id, name } = await createWebhook(server(), { url: receiver.url });
    const page = await browser().visit(server(), { role: 'operator', path: `${LIST}/${id}` });
    await heading(page, name);
    expect(await page.getByRole('link', { name: 'Edit' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Test Connection' }).click();
    const dialog = page.getByRole('dialog', { name: /^Test Connection/ });
    await dialog.getByRole('button', { name: 'Test Connection' }).click();
    await dialog.getByText('The receiver did not take it').waitFor();
    await dialog.getByText('Check the path of the URL').waitFor();
    await dialog.getByRole('tab', { name: 'curl' }).click();
    await dialog.getByText(/^curl /).waitFor();
    await expectAccessible(page);
  });

  test('the secret is rotated with an overlap, and shown once', async () => {
    const { id } = await createWebhook(server(), { url: URL_OF_NOBODY, signing: { scheme: 'ed25519' } });
    const page = await browser().visit(server(), { role: 'admin', path: `${LIST}/${id}` });
    await page.getByText(/^whpk_/).waitFor();
    await page.getByRole('button', { name: 'Rotate secret' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate secret' }).click();
    await page.getByRole('button', { name: 'Copy the signing secret' }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByText('The one before signs too, until').waitFor();
    await expectAccessible(page);
  });

  test('the ledger shows each number that the receiver was given, from any of them on', async () => {
    const type = ownType();
    const { id } = await createWebhook(server(), { url: URL_OF_NOBODY, eventTypes: [type] });
    const events = [await publish(server(), type), await publish(server(), type), await publish(server(), type)];
    const page = await browser().visit(server(), { role: 'viewer', path: `${LIST}/${id}` });
    await page.getByRole('link', { name: 'Number by number' }).click();
    await page.getByText('Numbers 1 to 3, none missing.').waitFor();
    await expectAccessible(page);
    await page.getByLabel('Begin after number').fill('2');
    await page.getByText('Numbers 3 to 3, none missing.').waitFor();
    await page.getByRole('link', { name: events[2] as string }).waitFor();
    expect(new URL(page.url()).searchParams.get('after')).toBe('2');
  });

  test('the global defaults are tested before they are saved, are changed, and what inherits them is told of', async () => {
    onTestFinished(async () => {
      await server().call('PUT', '/settings/webhooks', {});
    });
    const receiver = await startReceiver();
    const page = await browser().visit(server(), { role: 'admin', path: LIST });
    await page.getByRole('link', { name: 'Global defaults' }).click();
    await page.getByRole('textbox', { name: 'Default Webhook URL' }).waitFor();
    for (const name of ['HTTP Method', 'Authentication', 'Retry Strategy']) {
      await page.getByText(name, { exact: true }).first().waitFor();
    }
    await page.getByRole('combobox', { name: 'Content Type' }).waitFor();
    await page.getByRole('textbox', { name: 'Default Webhook URL' }).fill(`${receiver.url}/all`);
    await page.getByRole('button', { name: 'Test Connection' }).click();
    await page.getByText('The receiver took it').waitFor();
    expect(receiver.arrivals.map(({ path }) => path)).toEqual(['/all']);
    await page.getByLabel('Timeout', { exact: true }).fill('20 s');
    await page.getByText('This holds for every webhook that inherits it.').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    expect((await server().call('GET', '/settings/webhooks')).body.timeoutMs).toBe(20_000);
    await page.getByRole('button', { name: 'Use built-in value: Timeout' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await expect.poll(async () => (await server().call('GET', '/settings/webhooks')).body.timeoutMs).toBe(15_000);
  });

  test('a station gets a webhook of its own, beside the fallback of all stations', async () => {
    const station = `sta_${ownId()}`;
    const fallback = `rest ${ownId()}`;
    await createWebhook(server(), { name: fallback, url: URL_OF_NOBODY, routing: 'unmatched' });
    const page = await browser().visit(server(), { role: 'admin', path: '/integrations/webhooks' });
    await page.getByRole('region', { name: 'All Stations' }).getByRole('link', { name: fallback }).waitFor();
    await page.getByLabel('Station id').fill(station);
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await heading(page, 'New webhook');
    await page.getByLabel('Name', { exact: true }).fill(`for ${station}`);
    await page.getByLabel('URL', { exact: true }).fill(URL_OF_NOBODY);
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await heading(page, `for ${station}`);
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Webhooks' }).last().click();
    const card = page.getByRole('listitem').filter({ hasText: station }).first();
    await card.getByText('The fallback is not told of what these get.').waitFor();
    await expectAccessible(page);
    const [made] = await webhooksNamed(`for ${station}`);
    expect(made.scope.stationIds).toEqual([station]);
    await server().call('DELETE', `/webhooks/${made.id}`);
  });

  test('a viewer sees all of it and nothing that would be refused', async () => {
    const name = `<img src=x onerror="throw 1"> ${'שלום '.repeat(20)}`.slice(0, 200).trim();
    const { id } = await createWebhook(server(), { name, url: URL_OF_NOBODY });
    const page = await browser().visit(server(), { role: 'viewer', path: LIST });
    await page.getByRole('link', { name, exact: true }).waitFor();
    expect(await page.getByRole('button', { name: /^Actions for/ }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'New webhook' }).count()).toBe(0);
    await page.getByRole('link', { name, exact: true }).click();
    await heading(page, name);
    for (const verb of ['Test Connection', 'Pause', 'Rotate secret']) {
      expect(await page.getByRole('main').getByRole('button', { name: verb }).count()).toBe(0);
    }
    await page.goto(`${LIST}/defaults`);
    await page.getByRole('textbox', { name: 'Default Webhook URL' }).waitFor();
    expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0);
    await page.goto(`${LIST}/${id}/edit`);
    await heading(page, 'This page is not for your role');
  });
});
