import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { createWebhook, ownId, ownType, publish } from '../api/stage.ts';
import { describeInBrowser, expectAccessible, shareBrowser } from '../harness/browser.ts';
import { shareServer } from '../harness/server.ts';

const server = shareServer({ allow: [] });
const browser = shareBrowser();

const EDITOR = '/settings/notification-services/templates';

async function type(page: Page, template: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Template' }).focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(template);
}

async function templateHook(): Promise<{ id: string; inbox: string }> {
  const inbox = (await server().call('PUT', `/inboxes/${ownId()}`, {})).body;
  const payload = { format: 'template', template: '{ "was": "{{ event_type }}" }' };
  const { id } = await createWebhook(server(), { url: inbox.url, eventTypes: ['transfer.*'], payload });
  return { id, inbox: inbox.name };
}

describeInBrowser('templates', () => {
  describe('the editor', () => {
    test('shows what the server makes of a template, what is wrong where, and the name that was meant', async () => {
      const page = await browser().visit(server(), { role: 'operator', path: EDITOR });
      await page.getByText('Valid', { exact: true }).waitFor();
      await expectAccessible(page);
      await type(page, '{\n  "a": "{{ event_typ }}",\n  "b": {{ transfer_name }}\n}');
      await page.getByText('Not valid', { exact: true }).waitFor();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Line 3, column 8:' }).click();
      await page
        .locator(':focus')
        .and(page.getByRole('textbox', { name: 'Template' }))
        .waitFor();
      await page.getByRole('button', { name: 'Use event_type' }).click();
      await page.getByText('Nothing is called event_typ').waitFor({ state: 'detached' });
      await type(page, '{ "a": "{{ event_type }}" }');
      const body = page.getByRole('region', { name: 'Rendered body' });
      await body.getByText('"transfer_completed"').waitFor();

      await page.getByRole('tab', { name: 'Variables' }).click();
      await page.getByRole('textbox', { name: 'Find a variable' }).fill('files_tr');
      await page.getByRole('button', { name: /^transfer\.files_transferred/ }).click();
      await page.getByRole('textbox', { name: 'Template' }).getByText('transfer.files_transferred').waitFor();
      await expectAccessible(page);
    });

    test('tries a template with a past event, and a preset', async () => {
      const ownEvent = ownType();
      const id = await publish(server(), ownEvent, { order: { id: '<b>7</b>' } });
      const page = await browser().visit(server(), { role: 'operator', path: `${EDITOR}?event=${id}` });
      await type(page, '{ "order": "{{ data.order.id }}" }');
      await page.getByRole('region', { name: 'Rendered body' }).getByText('<b>7</b>').waitFor();
      await page.getByRole('combobox', { name: 'Try it with' }).click();
      await page.getByRole('option', { name: 'transfer.failed' }).click();
      await page.waitForURL(/type=transfer.failed/);
      await page.getByRole('button', { name: 'Start from…' }).click();
      await page.getByRole('menuitem', { name: /Slack/ }).click();
      await page.getByText('Valid', { exact: true }).waitFor();
    });

    test('shows the default body beside what the template makes, and which variables the event lacks', async () => {
      const page = await browser().visit(server(), { role: 'operator', path: `${EDITOR}?type=transfer.completed` });
      await type(
        page,
        '{ "event_type": "{{ event_type }}", "why": "{{ error_message }}", "who": "{{ transfer_name }}" }',
      );
      await page.getByText('error_message (not in this event)').waitFor();
      await page.getByText('transfer_name', { exact: true }).last().waitFor();
      await page.getByRole('tab', { name: 'Default body' }).click();
      const comparison = page.getByRole('region', { name: 'Default body' });
      await comparison.getByRole('insertion').getByText('"why": ""').waitFor();
      await comparison.getByRole('deletion').getByText('"timestamp"').first().waitFor();
      await comparison.getByText('  "event_type": "transfer_completed"').waitFor();
      await expectAccessible(page);
      await page.reload();
      await comparison.getByText('"timestamp"').first().waitFor();
    });

    test('can be left by keyboard', async () => {
      const page = await browser().visit(server(), { role: 'operator', path: EDITOR });
      const text = page.getByRole('textbox', { name: 'Template' });
      await text.focus();
      await page.keyboard.press('Tab');
      await page.locator(':focus').and(text).waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('Tab');
      expect(await text.and(page.locator(':focus')).count()).toBe(0);
    });

    test('saves to a webhook, unless somebody else was quicker, and sends what is not saved', async () => {
      const { id, inbox } = await templateHook();
      const page = await browser().visit(server(), { role: 'admin', path: `${EDITOR}?webhookId=${id}` });
      await page.getByRole('textbox', { name: 'Template' }).getByText('was').waitFor();
      await type(page, '{ "is": "{{ event_type }}" }');
      await page.getByRole('button', { name: 'Send this preview' }).click();
      await page.getByText('The receiver took it').waitFor();
      const { items } = (await server().call('GET', `/inboxes/${inbox}/requests`)).body;
      const sent = (await server().call('GET', `/inboxes/${inbox}/requests/${items[0].id}`)).body;
      expect(JSON.parse(sent.body)).toEqual({ is: 'transfer_completed' });
      await page.getByRole('button', { name: /^Save to/ }).click();
      await page.getByText('Saved', { exact: true }).waitFor();
      const saved = async () => (await server().call('GET', `/webhooks/${id}`)).body.payload;
      expect(await saved()).toEqual({ format: 'template', template: '{ "is": "{{ event_type }}" }' });

      await server().call('PATCH', `/webhooks/${id}`, { payload: { template: '{ "theirs": 1 }' } });
      await type(page, '{ "mine": 1 }');
      await page.getByRole('button', { name: /^Save to/ }).click();
      const dialog = page.getByRole('dialog', { name: 'Somebody else has changed this' });
      await dialog.getByText('{ "theirs": 1 }').waitFor();
      await dialog.getByRole('button', { name: 'Save yours instead' }).click();
      await expect.poll(async () => (await saved()).template).toBe('{ "mine": 1 }');
    });

    test('is not for viewers', async () => {
      const page = await browser().visit(server(), { role: 'viewer', path: EDITOR });
      await page.getByRole('heading', { level: 1, name: 'This page is not for your role' }).waitFor();
    });
  });
});
