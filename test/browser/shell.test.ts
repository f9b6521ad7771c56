import { describe, expect, test } from 'vitest';
import { describeInBrowser, expectAccessible, refuseStorage, shareBrowser } from '../harness/browser.ts';
import { shareServer } from '../harness/server.ts';

const PATHS = [
  '/about',
  '/administration/api-keys',
  '/administration/sessions',
  '/administration/users',
  '/nowhere',
  '/integrations/webhooks',
  '/settings/instance',
  '/settings/notification-services/webhooks',
  '/settings/notification-services/webhooks/defaults',
  '/settings/notification-services/webhooks/new',
  '/welcome/steps',
];

describeInBrowser('the frame of the pages', () => {
  const server = shareServer();
  const browser = shareBrowser();

  describe('every page', () => {
    test.each(PATHS)('%s can be used by everybody, in both schemes', async (path) => {
      const page = await browser().visit(server(), { role: 'admin', path });
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByRole('status').filter({ hasText: 'Loading' }).waitFor({ state: 'detached' });
      await expectAccessible(page);
    });
  });

  describe('the shell', () => {
    test('goes to a page by its name, without a mouse, and puts the focus on its heading', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/about' });
      await page.getByRole('heading', { level: 1, name: 'About' }).waitFor();
      await page.keyboard.press('Control+K');
      await page.getByRole('textbox', { name: 'Find a page or a command' }).fill('api k');
      await expectAccessible(page);
      await page.keyboard.press('Enter');
      const heading = page.getByRole('heading', { level: 1, name: 'API keys' });
      await heading.waitFor();
      await page.locator(':focus').and(heading).waitFor();
      expect(await page.title()).toBe('API keys · Waybill');
    });

    test('stays around a page that fails, which says why and can be tried again', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/administration/users' });
      await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor();
      const problem = { code: 'internal_error', detail: 'This is a mistake in Waybill.' };
      await page.route('**/api/v1/about', (route) =>
        route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
      );
      await page.getByRole('link', { name: 'About' }).click();
      const alert = page.getByRole('alert').filter({ hasText: problem.detail });
      await alert.waitFor();
      await page.getByRole('navigation', { name: 'Main' }).waitFor();
      await page.unroute('**/api/v1/about');
      await alert.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('heading', { level: 1, name: 'About' }).waitFor();
    });

    test('begins with a link to the content', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/about' });
      await page.getByRole('heading', { level: 1, name: 'About' }).waitFor();
      await page.keyboard.press('Tab');
      const skip = page.getByRole('link', { name: 'Skip to the content' });
      await page.locator(':focus').and(skip).waitFor();
      await page.keyboard.press('Enter');
      await page.locator('#content:focus').waitFor();
    });

    test('shows the shortcuts, and forgets those of a single key where they are switched off', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/about' });
      await page.getByRole('heading', { level: 1, name: 'About' }).waitFor();
      await page.keyboard.press('?');
      const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
      await expectAccessible(page);
      await dialog.getByRole('switch', { name: 'Shortcuts of a single key' }).click({ force: true });
      await dialog.getByRole('button', { name: 'Close' }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.keyboard.press('?');
      await page.keyboard.press('Control+K');
      await page.getByRole('textbox', { name: 'Find a page or a command' }).waitFor();
      expect(await dialog.count()).toBe(0);
    });

    test('speaks the language of the browser, or another one that is chosen, also the next time', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/about', language: 'de-DE' });
      await page.getByRole('heading', { level: 1, name: 'Über Waybill' }).waitFor();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'The admin' }).click();
      await page.getByRole('menuitemradio', { name: 'English' }).click();
      await page.getByRole('heading', { level: 1, name: 'About' }).waitFor();
      await page.reload();
      await page.getByRole('heading', { level: 1, name: 'About' }).waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
    });

    test('speaks the language of the browser, or another one that is chosen, where the browser keeps nothing', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/about', language: 'de-DE' });
      await refuseStorage(page);
      await page.getByRole('heading', { level: 1, name: 'Über Waybill' }).waitFor();
      await page.getByRole('button', { name: 'The admin' }).click();
      await page.getByRole('menuitemradio', { name: 'English' }).click();
      await page.getByRole('heading', { level: 1, name: 'About' }).waitFor();
    });

    test('is dark from the first paint on for those who chose that', async () => {
      const page = await browser().visit(server(), { role: 'admin', path: '/about' });
      await page.getByRole('button', { name: 'The admin' }).click();
      await page.getByRole('menuitemradio', { name: 'Dark' }).click();
      await page.route('**/assets/*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
      await page.goto('/about', { waitUntil: 'commit' });
      await page.waitForSelector('html[data-mantine-color-scheme="dark"]', { state: 'attached' });
    });
  });
});
