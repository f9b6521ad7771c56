import { expect, test } from 'vitest';
import { describeInBrowser, expectAccessible, shareBrowser } from '../harness/browser.ts';
import { startServer } from '../harness/server.ts';

describeInBrowser('the first five minutes', () => {
  const browser = shareBrowser();

  test('lead from the one-time link to a signed webhook on the screen, and to a retry that loses nothing', async () => {
    const server = await startServer({ env: { WAYBILL_API_KEY: '' } });
    const line = await server.logged(({ msg }) => String(msg).includes('/welcome?token='));
    const link = new URL(/https?:\S+\/welcome\?token=\S+/.exec(String(line.msg))?.[0] ?? '');
    const page = await browser().visit(server, { path: link.pathname + link.search });

    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { level: 1, name: 'Welcome to Waybill' }).waitFor();

    const step = (text: string) => page.getByRole('listitem').filter({ hasText: text });
    for (const [title, verb] of [
      ['A receiver', 'Make an inbox'],
      ['A webhook', 'Make the webhook'],
      ['The first event', 'Publish the sample'],
    ] as const) {
      await step(title).getByText('To do').waitFor();
      await page.getByRole('button', { name: verb }).click();
      await step(title).getByText('Done').waitFor();
    }
    const arrived = page.getByRole('region', { name: 'It has arrived' });
    await arrived.getByText('Signature valid').waitFor();
    await arrived.getByText('transfer_completed').waitFor();
    await expectAccessible(page);

    await page.getByRole('radio', { name: '500 error' }).check();
    await expect.poll(async () => (await fetch(`${server.url}/inbox/demo`)).status).toBe(500);
    await page.getByRole('button', { name: 'Publish another one' }).click();
    const latest = page.getByRole('status').filter({ hasText: 'Latest delivery' });
    await latest.getByText('Retrying').waitFor();
    await page.getByRole('radio', { name: '200 OK' }).check();
    await expect.poll(async () => (await fetch(`${server.url}/inbox/demo`)).status).toBe(200);
    await latest.getByRole('link', { name: 'Latest delivery' }).click();
    await page.getByRole('button', { name: /^Retry/ }).click();
    await page.getByText('Delivered', { exact: true }).first().waitFor();

    await page.goto('/integrations/inbox/demo');
    await page.getByText('attempt 2').waitFor();
    await page.getByRole('tab', { name: 'Verify signatures' }).click();
    await page.getByRole('tab', { name: 'Python' }).waitFor();
  });
});
