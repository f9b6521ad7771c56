import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, type ConsoleMessage, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import type { TestServer } from './server.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long a test waits for something to be on the screen: as long as a busy machine may take. */
const PATIENCE_MS = 60_000;

/** A browser needs more of a busy machine than anything else here. */
const LONGEST_TEST_MS = 180_000;

/** The whole of axe-core, for a page to run. */
const AXE = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

const PAGES = fileURLToPath(new URL('../../web/', import.meta.url));

export type Role = 'viewer' | 'operator' | 'admin';

export interface VisitOptions {
  /** Whose session the browser has; nobody's when absent. */
  role?: Role;
  /** Where it begins. */
  path?: string;
  /** A language tag. */
  language?: string;
}

/** A Chromium for the tests of a file. */
export interface TestBrowser {
  /** Opens a page in a profile of its own, that is closed when the test has finished. */
  visit(server: TestServer, options?: VisitOptions): Promise<Page>;
}

/** Tests in a real browser, against a real server with the real pages. Reported as skipped where there is no browser. */
export function describeInBrowser(title: string, tests: () => void): void {
  const hasBrowser = existsSync(CHROMIUM);
  const whole = hasBrowser ? title : `${title} (not run: there is no ${CHROMIUM})`;
  describe.skipIf(!hasBrowser)(whole, { timeout: LONGEST_TEST_MS }, tests);
}

/** One browser for all tests of a file. Call it outside of tests; the browser is there inside of them. */
export function shareBrowser(): () => TestBrowser {
  let browser: Browser | null = null;
  beforeAll(async () => {
    assertBuilt();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(() => browser?.close());
  return () => {
    if (browser === null) throw new Error('The shared browser is there inside of tests only.');
    const launched = browser;
    return { visit: (server, options = {}) => visit(launched, server, options) };
  };
}

/** Throws unless the pages are built of the sources as they are: those of yesterday would be tested unnoticed. */
export function assertBuilt(): void {
  const builtAtMs = existsSync(`${PAGES}dist/index.html`) ? statSync(`${PAGES}dist/index.html`).mtimeMs : 0;
  const sources = ['index.html', 'vite.config.ts', ...globSync(['src/**/*.{ts,tsx,css}', 'public/*'], { cwd: PAGES })];
  const newer = sources.filter(
    (file) => !/\.(test|fixture|d)\.ts$/.test(file) && statSync(PAGES + file).mtimeMs > builtAtMs,
  );
  if (newer.length > 0) throw new Error(`The pages are older than web/${newer[0]}: run \`node tools/build-web.ts\`.`);
}

async function visit(browser: Browser, server: TestServer, { role, path = '/', language = 'en-GB' }: VisitOptions) {
  const context = await browser.newContext({
    baseURL: server.url,
    locale: language,
    reducedMotion: 'reduce',
    viewport: { width: 1280, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(PATIENCE_MS);
  onTestFinished(() => context.close());
  if (role !== undefined) await context.addCookies([await sessionCookie(server, role)]);
  watchForFaults(context, server);
  const page = await context.newPage();
  await page.goto(path);
  return page;
}

/** Run before a page: as a browser does that may keep nothing. */
const REFUSE_STORAGE = `
  Object.defineProperty(globalThis, 'localStorage', {
    get() {
      throw new DOMException('Access is denied for this document.', 'SecurityError');
    },
  });
`;

/** Loads the page again, in a browser that keeps nothing from now on. */
export async function refuseStorage(page: Page): Promise<void> {
  await page.addInitScript(REFUSE_STORAGE);
  await page.reload();
}

/** Fails the test for what a person would only see in the browser's console, and for requests to anywhere else. */
function watchForFaults(context: BrowserContext, { url }: TestServer): void {
  const faults: string[] = [];
  context.on('weberror', (error) => faults.push(`thrown: ${error.error().message}`));
  context.on('console', (message) => {
    // Chromium writes a line for each answer that is no success. What the page makes of it is what is tested.
    const isAnswer = message.text().startsWith('Failed to load resource') && isExpected(message);
    if (message.type() === 'error' && !isAnswer) faults.push(`console: ${message.text()}`);
  });
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (origin !== url && protocol !== 'data:') faults.push(`request to ${request.url()}`);
  });
  onTestFinished(() => expect(faults, 'what went wrong inside of the browser').toEqual([]));

  function isExpected(message: ConsoleMessage): boolean {
    return message.location().url.startsWith(`${url}/api/`) || message.text().endsWith('ERR_CONNECTION_REFUSED');
  }
}

const PASSWORD = 'a long enough passphrase';

/** Makes a user, and returns what it signs in with. */
export async function makeUser(
  server: TestServer,
  role: Role,
): Promise<{ id: string; email: string; password: string }> {
  const email = `${role}-${crypto.randomUUID()}@example.com`;
  const made = await server.call('POST', '/users', { email, name: `The ${role}`, role, password: PASSWORD });
  expect(made.body).toMatchObject({ email });
  return { id: made.body.id, email, password: PASSWORD };
}

/** Signing in is slow on purpose, and its rate is limited: one user of each role serves all tests of a server. */
const cookies = new WeakMap<TestServer, Map<Role, Promise<Cookie>>>();

interface Cookie {
  name: string;
  value: string;
  url: string;
}

function sessionCookie(server: TestServer, role: Role): Promise<Cookie> {
  const ofServer = cookies.get(server) ?? new Map<Role, Promise<Cookie>>();
  cookies.set(server, ofServer);
  const cookie = ofServer.get(role) ?? makeUser(server, role).then((user) => signIn(server, user));
  ofServer.set(role, cookie);
  return cookie;
}

/** The cookie of a new session. */
export async function signIn(server: TestServer, user: { email: string; password: string }): Promise<Cookie> {
  const { email, password } = user;
  const { status, headers } = await server.call('POST', '/session', { email, password }, { key: null });
  expect(status).toBe(201);
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(headers.get('set-cookie') ?? '') ?? [];
  return { name, value, url: server.url };
}

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What the scheme makes a difference to. */
const RULES_OF_COLOUR = ['color-contrast'];

/** Fails for whatever keeps people from using the page as it is now, in the light and in the dark scheme. */
export async function expectAccessible(page: Page): Promise<void> {
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(AXE);
  expect(await violationsIn(page, 'light', RULES), `${page.url()} in the light scheme`).toEqual([]);
  expect(await violationsIn(page, 'dark', RULES_OF_COLOUR), `${page.url()} in the dark scheme`).toEqual([]);
}

async function violationsIn(page: Page, scheme: 'light' | 'dark', rules: string[]): Promise<unknown[]> {
  await page.emulateMedia({ colorScheme: scheme });
  await page.waitForSelector(`html[data-mantine-color-scheme="${scheme}"]`);
  return page.evaluate(async (runOnly) => {
    // biome-ignore lint/suspicious/noExplicitAny: the script that was run before has put it there.
    const { violations } = await (globalThis as any).axe.run({ runOnly, resultTypes: ['violations'] });
    // biome-ignore lint/suspicious/noExplicitAny: as axe-core describes it.
    return violations.map(({ id, help, nodes }: any) => ({
      id,
      help,
      // biome-ignore lint/suspicious/noExplicitAny: as axe-core describes it.
      at: nodes.map((node: any) => `${node.html} ${node.any[0]?.message ?? ''}`),
    }));
  }, rules);
}
