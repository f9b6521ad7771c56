import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { ownId } from '../api/stage.ts';
import { describeInBrowser, expectAccessible, makeUser, shareBrowser, signIn } from '../harness/browser.ts';
import { makeDataDir, shareServer, startServer, type TestServer } from '../harness/server.ts';

async function heading(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

describeInBrowser('access', () => {
  const server = shareServer();
  const browser = shareBrowser();

  describe('signing in', () => {
    test('the one-time link makes the administrator, who is signed in then, and works once', async () => {
      const fresh = await startServer({ env: { WAYBILL_API_KEY: '' } });
      const line = await fresh.logged(({ msg }) => String(msg).includes('/welcome?token='));
      const link = /https?:\S+\/welcome\?token=\S+/.exec(String(line.msg))?.[0] ?? '';
      const lost = await browser().visit(fresh);
      await lost.getByText('There is no administrator yet').waitFor();
      await expectAccessible(lost);
      await lost.goto('/welcome');
      await heading(lost, 'This needs the one-time link');
      const page = await browser().visit(fresh, { path: new URL(link).pathname + new URL(link).search });
      await heading(page, 'Create your administrator');
      await expectAccessible(page);
      await page.getByLabel('Name').fill('Ada');
      await page.getByLabel('E-mail').fill('ada@example.com');
      await page.getByRole('textbox', { name: 'Password' }).fill('short');
      await page.getByRole('button', { name: 'Create' }).click();
      await page.getByRole('textbox', { name: 'Password' }).and(page.locator('[aria-invalid="true"]')).waitFor();
      await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery');
      await page.getByRole('button', { name: 'Create' }).click();
      await heading(page, 'Welcome to Waybill');
      expect(new URL(page.url()).search).toBe('');
      await expectAccessible(page);

      const again = await browser().visit(fresh, { path: new URL(link).pathname + new URL(link).search });
      await heading(again, 'Waybill has its administrator');
      await expectAccessible(again);
    });

    test('leads to the page that was asked for, and out again', async () => {
      const { email, password } = await makeUser(server(), 'viewer');
      const page = await browser().visit(server(), { path: '/about?from=afar' });
      await heading(page, 'Sign in');
      await expectAccessible(page);
      await page.getByLabel('E-mail').fill(email);
      await page.getByRole('textbox', { name: 'Password' }).fill('not the password');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').waitFor();
      await page.getByRole('textbox', { name: 'Password' }).fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await heading(page, 'About');
      await page.getByRole('button', { name: 'The viewer' }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await heading(page, 'Sign in');
      await page.goto('/about');
      await heading(page, 'Sign in');
    });

    test('never leads to another site', async () => {
      const { email, password } = await makeUser(server(), 'viewer');
      const page = await browser().visit(server(), { path: '/sign-in?to=//elsewhere.example/' });
      await page.getByLabel('E-mail').fill(email);
      await page.getByRole('textbox', { name: 'Password' }).fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('navigation', { name: 'Main' }).waitFor();
      expect(new URL(page.url()).origin).toBe(server().url);
    });
  });

  describe('a session that ends while a form is open', () => {
    test('loses nothing that was typed, and what was sent goes on after signing in again', async () => {
      const user = await makeUser(server(), 'admin');
      const cookie = await signIn(server(), user);
      const page = await browser().visit(server());
      await page.context().addCookies([cookie]);
      await page.goto('/administration/api-keys');
      const name = `made late ${ownId()}`;
      await page.getByRole('button', { name: 'New API key' }).click();
      await page.getByLabel('Name').fill(name);
      await endSessions(server(), user.id);
      await page.getByRole('button', { name: 'Create' }).click();

      const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
      await dialog.getByLabel('E-mail').waitFor();
      expect(await dialog.getByLabel('E-mail').inputValue()).toBe(user.email);
      await page.keyboard.press('Escape');
      await dialog.getByRole('textbox', { name: 'Password' }).fill(user.password);
      await dialog.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('dialog', { name: 'Copy this key now' }).waitFor();
      const { items } = (await server().call('GET', '/api-keys?limit=250')).body;
      expect(items.filter((key: { name: string }) => key.name === name)).toHaveLength(1);
    });

    async function endSessions({ call }: TestServer, userId: string): Promise<void> {
      const { items } = (await call('GET', `/sessions?userId=${userId}`)).body;
      for (const { id } of items) expect((await call('DELETE', `/sessions/${id}`)).status).toBe(204);
    }
  });

  describe('a server that stops answering', () => {
    test('is told of over the page, which goes on when it is back', async () => {
      const dataDir = makeDataDir();
      const first = await startServer({ dataDir });
      const page = await browser().visit(first, { role: 'admin', path: '/administration/api-keys' });
      await heading(page, 'API keys');
      await page.getByText('There are no API keys').waitFor();
      await first.kill();
      await page.getByRole('link', { name: 'Users' }).click();
      const banner = page.getByRole('alert').filter({ hasText: 'The server does not answer' });
      await banner.waitFor();

      await startServer({ dataDir, env: { WAYBILL_LISTEN: new URL(first.url).host } });
      await banner.getByRole('button', { name: 'Try now' }).click();
      await banner.waitFor({ state: 'detached' });
      await page.getByRole('rowheader', { name: 'The admin' }).waitFor();
    });
  });

  describe('administration', () => {
    test('an API key is made, shown once, copied, and deleted after a question', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/administration/api-keys' });
      const name = `ci ${ownId()}`;
      await page.getByRole('button', { name: 'New API key' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Create' }).click();
      await dialog.getByLabel('Name').and(page.locator('[aria-invalid="true"]')).waitFor();
      await expectAccessible(page);
      await dialog.getByLabel('Name').fill(name);
      await dialog.getByRole('button', { name: 'Create' }).click();
      await page.getByRole('button', { name: 'Copy the API key' }).click();
      const key = String(await page.evaluate('navigator.clipboard.readText()'));
      expect((await server().call('GET', '/webhooks', undefined, { key })).status).toBe(200);
      await expectAccessible(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();

      const row = page.getByRole('row').filter({ hasText: name });
      expect(await row.textContent()).not.toContain(key);
      await row.getByRole('button', { name: `Delete ${name}` }).click();
      await expectAccessible(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await row.waitFor({ state: 'detached' });
      expect((await server().call('GET', '/webhooks', undefined, { key })).status).toBe(401);
    });

    test('a list goes on to its next page and back, by the URL', async () => {
      const made = Array.from({ length: 51 }, (_, n) =>
        server().call('POST', '/api-keys', { name: `k${n}`, role: 'viewer' }),
      );
      const keys = await Promise.all(made);
      const page = await browser().visit(server(), { role: 'admin', path: '/administration/api-keys' });
      const rows = page.getByRole('rowheader');
      await rows.nth(49).waitFor();
      const newest = await rows.first().textContent();
      await page.getByRole('button', { name: 'Older' }).click();
      await page.waitForURL(/cursor=/);
      await rows.nth(49).waitFor({ state: 'detached' });
      expect(await rows.count()).toBeGreaterThan(0);
      await page.reload();
      await rows.first().waitFor();
      expect(await page.getByRole('button', { name: 'Older' }).isDisabled()).toBe(true);
      await page.getByRole('button', { name: 'Newest' }).click();
      await rows.nth(49).waitFor();
      expect(await rows.first().textContent()).toBe(newest);
      await Promise.all(keys.map(({ body }) => server().call('DELETE', `/api-keys/${body.id}`)));
    });

    test('a list that cannot be read says why, and is read again on request', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/about' });
      const problem = { code: 'storage_unavailable', detail: 'The disk takes no writes now.' };
      await page.route('**/api/v1/users', (route) =>
        route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
      );
      await page.getByRole('link', { name: 'Users' }).click();
      const alert = page.getByRole('alert').filter({ hasText: 'The disk takes no writes now.' });
      await alert.waitFor();
      await expectAccessible(page);
      await page.unroute('**/api/v1/users');
      await alert.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('rowheader', { name: 'The admin' }).first().waitFor();
    });

    test.each([
      ['HTML', '<img src=x onerror="document.title=1"><script>document.title=2</script>'],
      ['a name of 200 characters', 'w'.repeat(200)],
      ['a name from right to left', 'מפתח של המחשב הנייד \u202e!'],
    ])('%s is shown as the text that it is', async (_what, name) => {
      const { id } = (await server().call('POST', '/api-keys', { name, role: 'viewer' })).body;
      const page = await browser().visit(server(), { role: 'admin', path: '/administration/api-keys' });
      const cell = page.getByRole('rowheader', { name, exact: true });
      expect(await cell.textContent()).toBe(name);
      expect(await page.title()).toBe('API keys · Waybill');
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      expect((await server().call('DELETE', `/api-keys/${id}`)).status).toBe(204);
    });

    test('instants are told by the server’s clock, however wrong that of the browser is', async () => {
      const name = `young ${ownId()}`;
      await server().call('POST', '/api-keys', { name, role: 'viewer' });
      const page = await browser().visit(server(), { role: 'admin', path: '/about' });
      await page.clock.setSystemTime(Date.now() - 5 * 3_600_000);
      await page.goto('/administration/api-keys');
      const made = page.getByRole('row').filter({ hasText: name }).getByRole('cell').nth(2);
      await expect.poll(() => made.textContent()).toMatch(/^(now|\d+ seconds? ago)$/);
    });

    test('somebody who has signed in anew on another tab goes on in this one', async () => {
      const user = await makeUser(server(), 'admin');
      const page = await browser().visit(server());
      await page.context().addCookies([await signIn(server(), user)]);
      await page.goto('/administration/api-keys');
      await page.getByRole('button', { name: 'New API key' }).click();
      const name = `other tab ${ownId()}`;
      await page.getByLabel('Name').fill(name);
      await page.context().addCookies([await signIn(server(), user)]);
      await page.getByRole('button', { name: 'Create' }).click();
      await page.getByRole('dialog', { name: 'Copy this key now' }).waitFor();
    });

    test('a user is made, changed, and deleted', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/administration/users' });
      const email = `${ownId()}@example.com`;
      await page.getByRole('button', { name: 'New user' }).click();
      await page.getByLabel('Name').fill('Grace');
      await page.getByLabel('E-mail').fill(email);
      await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery');
      await page.getByRole('button', { name: 'Create' }).click();
      const row = page.getByRole('row').filter({ hasText: email });
      await row.getByRole('button', { name: 'Edit Grace' }).click();
      await page.getByRole('combobox', { name: 'Role' }).click();
      await page.getByRole('option', { name: 'Operator' }).click();
      await page.getByRole('button', { name: 'Save' }).click();
      await row.getByRole('cell', { name: 'Operator' }).waitFor();
      await row.getByRole('button', { name: 'Delete Grace' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await row.waitFor({ state: 'detached' });
    });

    test('another session is ended', async () => {
      const user = await makeUser(server(), 'viewer');
      await signIn(server(), user);
      const cookie = await signIn(server(), user);
      const page = await browser().visit(server());
      await page.context().addCookies([cookie]);
      await page.goto('/administration/sessions');
      await page.getByText('This browser').waitFor();
      await page.getByRole('button', { name: /^End the session/ }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'End' }).click();
      await page.getByRole('button', { name: /^End the session/ }).waitFor({ state: 'detached' });
      expect((await server().call('GET', `/sessions?userId=${user.id}`)).body.items).toHaveLength(1);
    });

    test('of two changes to the settings of the instance both are shown, and a person chooses', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/settings/instance' });
      await page.getByLabel('Name', { exact: true }).fill('Mine');
      const { body } = await server().call('GET', '/settings/instance');
      expect((await server().call('PUT', '/settings/instance', { ...body, name: 'Theirs' })).status).toBe(200);
      await page.getByRole('button', { name: 'Save' }).click();
      const dialog = page.getByRole('dialog', { name: 'Somebody else has changed this' });
      expect(await dialog.getByRole('row').nth(1).textContent()).toBe('NameMineTheirs');
      await expectAccessible(page);
      await dialog.getByRole('button', { name: 'Save yours instead' }).click();
      await page.getByText('Saved', { exact: true }).waitFor();
      expect((await server().call('GET', '/settings/instance')).body.name).toBe('Mine');
    });

    test('what is not for a viewer is neither listed nor shown', async () => {
      const page = await browser().visit(server(), { role: 'viewer', path: '/administration/users' });
      await heading(page, 'This page is not for your role');
      const navigation = page.getByRole('navigation', { name: 'Main' });
      expect(await navigation.getByRole('link', { name: 'Sessions' }).count()).toBe(1);
      expect(await navigation.getByRole('link', { name: 'Users' }).count()).toBe(0);
      await page.goto('/settings/instance');
      await page.getByLabel('Name', { exact: true }).waitFor();
      expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0);
    });
  });
});
