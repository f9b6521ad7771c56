import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { sleep } from '../monotonic.ts';
import { callApi, withSeededServer } from '../seeded-server.ts';
import type { Stage } from '../stage.ts';
import { median } from '../statistics.ts';
import type { Subject } from '../subject.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
const LOG_VIEWER = '/administration/log-viewer';
const LONG_MS = 100;

/** Run inside of each page: notes when the first row was there to be clicked, and how long its tasks took. */
const WATCH = `
  globalThis.longTasksMs = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasksMs.push(duration);
  }).observe({ type: 'longtask', buffered: true });
  globalThis.interactive = new Promise((done) => {
    const look = () =>
      document.querySelector('tbody tr a') === null
        ? requestAnimationFrame(look)
        : setTimeout(() => done(performance.now()));
    look();
  });
`;

interface Visits {
  /** With nothing kept by the browser, as on the first visit. */
  firstVisitMs: number | null;
  /** With what that left behind. */
  nextVisitMs: number | null;
}

/**
 * What a person sees of a log of many deliveries: how soon its page can be used, without load and while 500 events a
 * second are published and delivered, and how long its longest task is while it follows them.
 */
export async function measurePages(stage: Stage) {
  if (!existsSync(CHROMIUM)) {
    stage.note(`pages: there is no ${CHROMIUM}`);
    return null;
  }
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    return await withSeededServer(stage, async ({ subject, deliveries, startLoad }) => {
      const open = await createOpening(browser, subject);
      const quiet = await measureVisits(stage, open);
      const ratePerSecond = await startLoad();
      const busy = await measureVisits(stage, open);
      return { deliveries, ratePerSecond, quiet, busy, following: await follow(stage, await open()) };
    });
  } finally {
    await browser.close();
  }
}

type Opening = () => Promise<Page>;

/** Opens pages for an operator, each in a profile of its own. */
async function createOpening(browser: Browser, subject: Subject): Promise<Opening> {
  const url = `http://127.0.0.1:${subject.port}`;
  const [email, password] = ['bench@example.com', 'known to this benchmark alone'];
  await callApi(subject, 'POST', '/users', { email, name: 'Bench', role: 'operator', password });
  const { headers } = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(headers.get('set-cookie') ?? '') ?? [];
  return async () => {
    const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 900 } });
    await context.addCookies([{ name, value, url }]);
    await context.addInitScript(WATCH);
    return context.newPage();
  };
}

async function measureVisits(stage: Stage, open: Opening): Promise<Visits> {
  const first: number[] = [];
  const next: number[] = [];
  for (let run = 0; run < stage.extent.runs; run += 1) {
    const page = await open();
    first.push(await interactiveMs(page));
    next.push(await interactiveMs(page));
    await page.context().close();
  }
  stage.note(`pages: usable after ${first.map(Math.round)} ms at first, then after ${next.map(Math.round)} ms`);
  return { firstVisitMs: median(first), nextVisitMs: median(next) };
}

/** From the start of a visit to the log viewer until its first row can be clicked. */
async function interactiveMs(page: Page): Promise<number> {
  await page.goto(LOG_VIEWER, { waitUntil: 'commit' });
  return page.evaluate<number>('interactive');
}

/** Follows the log live, asks for what is new each second, and measures the tasks of the page meanwhile. */
async function follow(stage: Stage, page: Page) {
  await interactiveMs(page);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.evaluate('longTasksMs.length = 0');
  for (let second = 0; second < stage.extent.seconds; second += 1) {
    await sleep(1_000);
    await page.getByRole('button', { name: /^Show .*new$/ }).click();
  }
  const longTasksMs = await page.evaluate<number[]>('longTasksMs');
  await page.context().close();
  return {
    seconds: stage.extent.seconds,
    longestTaskMs: Math.max(0, ...longTasksMs),
    tasksOver100Ms: longTasksMs.filter((ms) => ms > LONG_MS).length,
  };
}
