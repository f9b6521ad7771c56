import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Api } from '../src/http/index.ts';
import { systemRandom } from '../src/kernel/random.ts';
import { openBuild, webRoutes } from '../src/web/index.ts';
import { API_TYPES_FILE, apiTypes } from '../tools/generate-api-types.ts';
import { assertBuilt } from './harness/browser.ts';
import { makeDataDir, shareServer } from './harness/server.ts';

const PROBLEM = expect.stringMatching(/^application\/problem\+json\b/);
const DIST = new URL('../web/dist/', import.meta.url).pathname;

describe('a server with its pages', () => {
  const server = shareServer();

  async function get(path: string, headers: Record<string, string> = {}) {
    const response = await fetch(`${server().url}${path}`, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  test('answers with the page at every path that is not the API’s', async () => {
    assertBuilt();
    for (const path of ['/', '/settings/notification-services/webhooks', '/administration/log-viewer?state=retrying']) {
      const { status, headers, text } = await get(path);
      expect([path, status, headers.get('content-type')]).toEqual([path, 200, 'text/html; charset=utf-8']);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(text).toContain('<div id="root"></div>');
    }
  });

  test('lets its page run and load nothing but its own, with a new nonce each time', async () => {
    const policies = await Promise.all([get('/'), get('/')]);
    const [one = '', other] = policies.map(({ headers }) => headers.get('content-security-policy') ?? '');
    expect(one).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[\w+/]{22}=='; /);
    expect(one).toContain("frame-ancestors 'none'");
    expect(one).not.toBe(other);
    const [, nonce = 'none'] = /'nonce-([^']+)'/.exec(one) ?? [];
    expect(policies[0]?.text).toContain(`nonce="${nonce}"`);
    expect(policies[0]?.text).not.toContain('__NONCE__');
  });

  test('sends assets compressed, to be kept for ever', async () => {
    const [, asset = ''] = /src="(\/assets\/[^"]+\.js)"/.exec((await get('/')).text) ?? [];
    const plain = await get(asset, { 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    for (const [accepted, encoding] of [
      ['gzip, deflate, br', 'br'],
      ['gzip;q=1.0', 'gzip'],
      ['br;q=0, gzip', 'gzip'],
    ] as const) {
      const { status, headers, text } = await get(asset, { 'accept-encoding': accepted });
      expect([status, headers.get('content-encoding')]).toEqual([200, encoding]);
      expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8');
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(text).toBe(plain.text);
    }
  });

  test.each(['/assets/none.js', '/none.txt', '/.vite/manifest.json', '/assets/../../package.json', '/inbox', '/as2/x'])(
    'has nothing at %s',
    async (path) => {
      const { status, headers } = await get(path);
      expect([status, headers.get('content-type')]).toEqual([404, PROBLEM]);
    },
  );

  test('answers for the API as before', async () => {
    expect((await get('/api/v1/nothing')).status).toBe(401);
    expect((await get('/api/nothing')).status).toBe(404);
    expect((await get('/healthz')).text).toBe('{"status":"ok"}');
    const posted = await fetch(`${server().url}/about`, { method: 'POST' });
    expect([posted.status, posted.headers.get('content-type')]).toEqual([404, PROBLEM]);
  });

  test('describes the API as the pages know it', async () => {
    const { text } = await get('/api/openapi.json');
    const written = readFileSync(API_TYPES_FILE, 'utf8');
    expect(apiTypes(text) === written, 'Run `node tools/generate-api-types.ts`.').toBe(true);
  });
});

describe('a server without its pages', () => {
  test('says what to run, and finds them once they are built', async () => {
    const folder = makeDataDir();
    const app = Fastify();
    onTestFinished(() => app.close());
    webRoutes(app as unknown as Api, { build: openBuild(folder), random: systemRandom });
    const before = await app.inject('/');
    expect(before.statusCode).toBe(503);
    expect(before.body).toContain('npm ci');
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<title>built</title>');
    const after = await app.inject('/anywhere');
    expect([after.statusCode, after.body]).toEqual([200, '<title>built</title>']);
  });
});

describe('the built pages', () => {
  const FIRST_LOAD_BYTES = 320_000;

  /** Each costs the browser and the server some time, however small it is. */
  const FIRST_LOAD_FILES = 6;
  /** What only those load who want to see it. */
  const LARGE = /codemirror|uplot/i;

  interface Chunk {
    file: string;
    isDynamicEntry?: boolean;
    imports?: string[];
  }

  test('load at most 320 kB of JavaScript in a few files on the first visit, whatever page that is of', () => {
    assertBuilt();
    const manifest = JSON.parse(readFileSync(`${DIST}.vite/manifest.json`, 'utf8')) as Record<string, Chunk>;
    const html = readFileSync(`${DIST}index.html`, 'utf8');
    const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, file = '']) => file);
    expect(first).not.toEqual([]);
    const pages = Object.keys(manifest).filter((name) => manifest[name]?.isDynamicEntry && name.endsWith('-page.tsx'));
    expect(pages.length).toBeGreaterThan(20);
    for (const page of pages.filter((name) => !name.endsWith('/templates-page.tsx'))) {
      const files = [...filesOf(manifest, page, new Set(first))];
      const size = files.reduce((sum, file) => sum + readFileSync(`${DIST}${file}.gz`).byteLength, 0);
      expect(size, page).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
      expect(files.length, page).toBeLessThanOrEqual(FIRST_LOAD_FILES);
      expect(
        files.filter((file) => LARGE.test(readFileSync(`${DIST}${file}`, 'utf8'))),
        page,
      ).toEqual([]);
    }
  });

  /** Adds the file of that name to `files`, and those that it cannot do without. */
  function filesOf(manifest: Record<string, Chunk>, name: string, files: Set<string>): Set<string> {
    const { file = '', imports = [] } = manifest[name] ?? {};
    if (files.has(file)) return files;
    files.add(file);
    for (const imported of imports) filesOf(manifest, imported, files);
    return files;
  }

  test('are compressed beside what they are', () => {
    const { file } = Object.values(
      JSON.parse(readFileSync(`${DIST}.vite/manifest.json`, 'utf8')) as Record<string, Chunk>,
    )[0] as Chunk;
    expect(existsSync(`${DIST}${file}.br`)).toBe(true);
    expect(gunzipSync(readFileSync(`${DIST}${file}.gz`)).equals(readFileSync(`${DIST}${file}`))).toBe(true);
  });
});
