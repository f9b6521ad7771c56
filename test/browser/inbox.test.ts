import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { createWebhook, ownId, ownType, publish } from '../api/stage.ts';
import { describeInBrowser, expectAccessible, shareBrowser } from '../harness/browser.ts';
import { shareServer } from '../harness/server.ts';

/** No address is allowed, as on a fresh install: inboxes need none. */
const server = shareServer({ allow: [] });
const browser = shareBrowser();

async function makeInbox(answer: object = {}): Promise<{ name: string; url: string }> {
  const made = await server().call('PUT', `/inboxes/${ownId()}`, { answer });
  expect(made.status).toBe(200);
  return made.body;
}

async function visitInbox(name: string, role: 'viewer' | 'operator' = 'operator', search = ''): Promise<Page> {
  const page = await browser().visit(server(), { role, path: `/integrations/inbox/${name}${search}` });
  await page.getByRole('heading', { level: 1, name }).waitFor();
  return page;
}

describeInBrowser('inboxes', () => {
  describe('an inbox', () => {
    test('is made, gets a webhook, and shows what arrives with its verdict, live', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/integrations/inbox' });
      const name = ownId();
      await page.getByRole('button', { name: 'New inbox' }).click();
      await page.getByLabel('Name').fill('Not A Name');
      await page.getByRole('button', { name: 'Create' }).click();
      await page.getByLabel('Name').and(page.locator('[aria-invalid="true"]')).waitFor();
      await page.getByLabel('Name').fill(name);
      await page.getByRole('button', { name: 'Create' }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
      await page.getByText('Nothing has arrived yet').waitFor();
      await page.getByRole('button', { name: `Copy the URL of ${name}` }).click();
      const url = String(await page.evaluate('navigator.clipboard.readText()'));
      expect(url).toBe(`${server().url}/inbox/${name}`);

      await page.getByRole('button', { name: 'Webhook to this inbox' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
      const made = page.getByRole('dialog', { name: 'The webhook is made' });
      await made.getByText(/^whsec_/).waitFor();
      await made.getByRole('button', { name: 'Close' }).last().click();

      const type = ownType();
      await publish(server(), type, { text: 'Größe: 7 €' });
      const request = page.getByRole('region', { name: 'Request' });
      await request.getByText('Signature valid').waitFor();
      await request.getByText('Größe: 7 €').waitFor();
      await request.getByRole('link', { name: /^dlv_/ }).waitFor();
      await request.getByRole('tab', { name: /^Headers/ }).click();
      await request.getByText('webhook-signature', { exact: true }).waitFor();
      await page.waitForURL(/part=headers/);
      await expectAccessible(page);
    });

    test('answers as it is switched to', async () => {
      const { name, url } = await makeInbox();
      const page = await visitInbox(name);
      const post = async () => fetch(url, { method: 'POST', body: '{}' });
      await page.getByRole('radio', { name: '429 with Retry-After' }).check();
      await expect.poll(async () => (await post()).headers.get('retry-after')).toBe('10');
      await page.getByLabel('Retry-After, in seconds').fill('3');
      await page.getByLabel('Retry-After, in seconds').blur();
      await expect.poll(async () => (await post()).headers.get('retry-after')).toBe('3');
      await page.getByRole('radio', { name: '500 error' }).check();
      await expect.poll(async () => (await post()).status).toBe(500);
      await page.getByRole('radio', { name: 'No answer (hang)' }).check();
      await expect
        .poll(async () => (await server().call('GET', `/inboxes/${name}`)).body.answer)
        .toEqual({ hang: true });
    });

    test('says why a signature is wrong, or was not checked', async () => {
      const { name, url } = await makeInbox();
      await fetch(url, { method: 'POST', body: 'nobody signs' });
      const page = await visitInbox(name);
      const request = page.getByRole('region', { name: 'Request' });
      await request.getByText('no webhook sends to this inbox').waitFor();
      await createWebhook(server(), { url, eventTypes: [ownType()] });
      await fetch(url, { method: 'POST', body: 'nobody signs' });
      await request.getByText('no header webhook-id').waitFor();
      await expectAccessible(page);
    });

    test('shows a megabyte, HTML and bytes that are no text, and runs none of it', async () => {
      const { name, url } = await makeInbox();
      const html = '<script>document.title=1</script><img src=x onerror="document.title=2">';
      await fetch(`${url}/${'w'.repeat(300)}`, {
        method: 'POST',
        headers: { 'content-type': 'text/html', 'x-waybill-event': html, 'webhook-id': html },
        body: html + 'ש'.repeat(400_000),
      });
      const page = await visitInbox(name);
      const request = page.getByRole('region', { name: 'Request' });
      await request.getByRole('region', { name: 'Body' }).getByText('<script>').first().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await fetch(url, { method: 'POST', body: new Uint8Array([0xff, 0xfe, 0x00]) });
      await page.getByText('These bytes are no text').waitFor();
      expect(await page.title()).toBe(`${name} · Waybill`);
    });

    test('has receivers to copy in seven languages', async () => {
      const { name } = await makeInbox();
      const page = await visitInbox(name, 'viewer');
      await page.getByRole('tab', { name: 'Verify signatures' }).click();
      for (const language of ['Node', 'Python', 'Go', 'Java', 'PHP', 'C#', 'Shell']) {
        await page.getByRole('tab', { name: language, exact: true }).click();
        await page
          .getByRole('tabpanel', { name: language, exact: true })
          .getByRole('button', { name: /^Copy/ })
          .click();
        expect(String(await page.evaluate('navigator.clipboard.readText()'))).toMatch(/WEBHOOK_SECRET|secret/);
      }
      await expectAccessible(page);
    });

    test('has nothing for a viewer to switch or make', async () => {
      const { name } = await makeInbox({ status: 500 });
      const page = await visitInbox(name, 'viewer');
      await page.getByText('Answers: HTTP 500').waitFor();
      const main = page.getByRole('main');
      expect(await main.getByRole('radio').count()).toBe(0);
      expect(await main.getByRole('button', { name: /Webhook|Delete|Clear/ }).count()).toBe(0);
      await page.goto('/integrations/inbox');
      await page.getByRole('link', { name }).waitFor();
      expect(await main.getByRole('button', { name: 'New inbox' }).count()).toBe(0);
      await expectAccessible(page);
    });
  });
});
