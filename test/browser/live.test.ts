import { expect, test } from 'vitest';
import { createWebhook, ownType, publish } from '../api/stage.ts';
import { describeInBrowser, shareBrowser } from '../harness/browser.ts';
import { startReceiver } from '../harness/receiver.ts';
import { makeDataDir, startServer } from '../harness/server.ts';

describeInBrowser('a page that follows what happens', () => {
  const browser = shareBrowser();

  test('shows the first event when it arrives, without being loaded again', async () => {
    const server = await startServer();
    const receiver = await startReceiver();
    const type = ownType();
    await createWebhook(server, { url: receiver.url, eventTypes: [type] });
    const page = await browser().visit(server, { role: 'operator', path: '/welcome/steps' });
    const lastStep = page.getByRole('listitem').filter({ hasText: 'The first event' });
    await lastStep.getByText('To do').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await publish(server, type);
    await lastStep.getByText('Done').waitFor();
    expect(await page.getByRole('listitem').filter({ hasText: 'Done' }).count()).toBeGreaterThan(0);
  });

  test('goes on by itself after the server was away, with what happened meanwhile', async () => {
    const dataDir = makeDataDir();
    const first = await startServer({ dataDir });
    const receiver = await startReceiver();
    const type = ownType();
    await createWebhook(first, { url: receiver.url, eventTypes: [type] });
    const page = await browser().visit(first, { role: 'viewer', path: '/welcome/steps' });
    await page.getByText('Live', { exact: true }).waitFor();
    await first.kill();
    await page.getByText('Reconnecting').waitFor();
    const second = await startServer({ dataDir, env: { WAYBILL_LISTEN: new URL(first.url).host } });
    await publish(second, type);
    await page.getByText('Live', { exact: true }).waitFor();
    const lastStep = page.getByRole('listitem').filter({ hasText: 'The first event' });
    await lastStep.getByText('Done').waitFor();
  });

  test('stands still where a person wants that', async () => {
    const server = await startServer();
    const page = await browser().visit(server, { role: 'viewer', path: '/welcome/steps' });
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused').waitFor();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'About' }).click();
    await page.getByText('Live', { exact: true }).waitFor({ state: 'detached' });
  });
});
