/**
 * Writes web/src/api/schema.d.ts, the types of the API as the pages see them, from the OpenAPI document of a server that
 * runs for a moment on a folder of its own. Run it after a route has changed:
 *
 *     node tools/generate-api-types.ts
 *
 * `test/web.test.ts` fails while the types are behind the document.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSettings } from '../src/config/index.ts';
import { type End, runServer } from '../src/main.ts';

const WEB = new URL('../web/', import.meta.url);

/** Where the types are kept. */
export const API_TYPES_FILE = fileURLToPath(new URL('src/api/schema.d.ts', WEB));

/** The types of the API that an OpenAPI document describes, as TypeScript. */
export function apiTypes(document: string): string {
  // The generator brings an older TypeScript, which lies with the pages.
  const script = join(createRequire(new URL('package.json', WEB)).resolve('openapi-typescript'), '../../bin/cli.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { input: document, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The types could not be generated: ${stderr}`);
  return stdout;
}

async function readDocument(): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'waybill-types-'));
  const flags = { dataDir, listen: '127.0.0.1:0', logFormat: 'json' };
  const { settings, secrets } = await readSettings({ flags, env: {}, workingDir: dataDir, isTerminal: false });
  const document = Promise.withResolvers<string>();

  function ask(url: string, end: End): void {
    const answer = fetch(`${url}/api/openapi.json`).then((response) => response.text());
    document.resolve(answer);
    void answer.finally(() => end(0)).catch(() => undefined);
  }

  try {
    await runServer({ settings, secrets, onListening: (app, end) => ask(app.url, end) });
    return await document.promise;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(API_TYPES_FILE, apiTypes(await readDocument()));
  process.exit();
}
