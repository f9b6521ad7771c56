import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { createWebhook, ownId, ownType, publish } from '../api/stage.ts';
import { describeInBrowser, expectAccessible, shareBrowser } from '../harness/browser.ts';
import { startReceiver } from '../harness/receiver.ts';
import { shareServer } from '../harness/server.ts';

describeInBrowser('the pages of events', () => {
  const server = shareServer();
  const browser = shareBrowser();

  function rows(page: Page) {
    return page.getByRole('table', { name: 'Events' }).locator('tbody').getByRole('row');
  }

  test('a sample is published, and shows where it went and why not elsewhere', async () => {
    const receiver = await startReceiver();
    const [wants, others] = [`wants ${ownId()}`, `others ${ownId()}`];
    await createWebhook(server(), { url: receiver.url, name: wants, eventTypes: ['message.received'] });
    await createWebhook(server(), { url: receiver.url, name: others, eventTypes: [ownType()] });
    const page = await browser().visit(server(), { role: 'operator', path: '/events' });
    await page.getByRole('button', { name: 'Publish a sample' }).first().click();
    await page.getByRole('combobox', { name: 'Event type' }).click();
    await page.getByRole('option', { name: 'message.received' }).click();
    const data = page.getByRole('textbox', { name: 'Data' });
    await expectAccessible(page);
    const sample = await data.inputValue();
    await data.fill(sample.slice(0, -1));
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await page.getByText('This is no JSON object').waitFor();
    await data.fill('{}');
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await page.getByRole('alert').getByText('/data/message').first().waitFor();
    await data.fill(sample.replace('Purchase order 4711', 'Order of a test'));
    await page.getByRole('button', { name: 'Publish', exact: true }).click();

    await page.getByRole('heading', { level: 1, name: 'Event message.received' }).waitFor();
    const sent = page.getByRole('table', { name: 'Where it went' }).getByRole('row').filter({ hasText: wants });
    await sent.getByText('Delivered').waitFor();
    const unsent = page.getByRole('table', { name: 'Why others got nothing' }).getByRole('row');
    await unsent.filter({ hasText: others }).getByText('It does not subscribe to this type.').waitFor();
    await page.getByRole('region', { name: 'Data' }).getByText('"subject": "Order of a test"').waitFor();
    expect(receiver.arrivals).toHaveLength(1);
    await expectAccessible(page);
    await page.getByRole('link', { name: 'In the log viewer' }).click();
    await page.getByText(/^Of the event evt_/).waitFor();
    await page.getByRole('table', { name: 'Deliveries' }).getByText(wants).waitFor();
    await expectAccessible(page);
  });

  test('are found by type, with their outcomes, and newer ones wait to be asked for', async () => {
    const receiver = await startReceiver();
    const type = ownType();
    await createWebhook(server(), { url: receiver.url, eventTypes: [type] });
    const name = `Backup <b>${ownId()}</b>`;
    await publish(server(), type, { transfer: { id: 't-1', name } });
    const page = await browser().visit(server(), { role: 'viewer', path: '/events' });
    await page.getByRole('combobox', { name: 'Type' }).fill(type);
    await page.waitForURL(new RegExp(`type=${type}`));
    await rows(page).filter({ hasText: name }).getByText('Delivered').waitFor();
    expect(await rows(page).count()).toBe(1);
    await expectAccessible(page);
    await publish(server(), type, { transfer: { id: 't-2', name: 'Another' } });
    await page.getByRole('button', { name: 'Show the new ones' }).click();
    await rows(page).filter({ hasText: 'Another' }).getByText('Delivered').waitFor();
    expect(await page.getByRole('button', { name: 'Publish a sample' }).count()).toBe(0);
    await page.goto('/events/publish');
    await page.getByRole('heading', { level: 1, name: 'This page is not for your role' }).waitFor();
  });
});
