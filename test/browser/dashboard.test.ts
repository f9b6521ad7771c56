import { expect, test } from 'vitest';
import { createWebhook, deliveryInState, ownId, ownType, publish } from '../api/stage.ts';
import { describeInBrowser, expectAccessible, shareBrowser } from '../harness/browser.ts';
import { shareServer } from '../harness/server.ts';

const server = shareServer({ allow: [] });
const browser = shareBrowser();

async function hookTo(answer: object, more: object = {}): Promise<{ id: string; type: string }> {
  const { url } = (await server().call('PUT', `/inboxes/${ownId()}`, { answer })).body;
  const type = ownType();
  const { id } = await createWebhook(server(), { url, eventTypes: [type], ...more });
  return { id, type };
}

describeInBrowser('the dashboard', () => {
  test('is where one begins, says when nothing has happened yet, and counts what does', async () => {
    const page = await browser().visit(server(), { role: 'viewer', path: '/' });
    await page.getByRole('heading', { level: 1, name: 'Dashboard' }).waitFor();
    const outcomes = page.getByRole('region', { name: 'Deliveries by outcome' });
    await outcomes.getByText('No delivery has ended in this time.').waitFor();
    await page.getByText('Nothing waits').waitFor();
    await expectAccessible(page);

    const { id, type } = await hookTo({});
    const failing = await hookTo(
      { status: 500 },
      { name: '<b>broken</b>', retry: { strategy: 'delays', delaysMs: [] } },
    );
    for (let count = 0; count < 3; count += 1) {
      await deliveryInState(server(), await publish(server(), failing.type), failing.id, 'exhausted');
    }
    await deliveryInState(server(), await publish(server(), type), id, 'delivered');

    await outcomes.getByRole('img', { name: /1 delivered, 3 exhausted, 0 cancelled/ }).waitFor();
    await page.getByRole('region', { name: 'Webhooks in trouble' }).getByText('Failing').waitFor();
    await page.getByRole('link', { name: '<b>broken</b>' }).waitFor();
    await outcomes.getByRole('button', { name: 'Show as table' }).click();
    await outcomes.getByRole('row').last().getByRole('cell', { name: '3', exact: true }).waitFor();
    await expectAccessible(page);
    await outcomes.getByRole('link', { name: '3', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Log viewer' }).waitFor();
    expect(new URL(page.url()).search).toBe('?range=24h&state=exhausted');
  });

  test('looks back a week, by the URL, and shows what waits', async () => {
    const { type, id } = await hookTo({ status: 500 }, { retry: { strategy: 'delays', delaysMs: [3_600_000] } });
    await deliveryInState(server(), await publish(server(), type), id, 'retrying');
    const page = await browser().visit(server(), { role: 'viewer', path: '/dashboard' });
    await page.getByText('7 days', { exact: true }).click();
    await page.waitForURL(/range=7d/);
    const backlog = page.getByRole('region', { name: 'Backlog' });
    await backlog.getByText('The oldest is from').waitFor();
    await backlog.getByRole('link', { name: '1', exact: true }).click();
    await page.waitForURL(/state=retrying/);
  });
});
