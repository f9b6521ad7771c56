import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Whom `npm run dev` asks for everything that is not a page. */
const SERVER = process.env.WAYBILL_URL ?? 'http://127.0.0.1:8080';
const OF_SERVER = ['/api', '/inbox', '/metrics', '/healthz', '/readyz', '/.well-known'];

/** Left to itself the bundler makes a hundred files of what pages share, and each costs more than its bytes. */
const FILES = [
  { name: 'start', tags: ['$initial' as const] },
  { name: 'shared', minShareCount: 3 },
];

export default defineConfig({
  plugins: [react(), compressed()],
  // Each page gets a nonce of its own in this place; `src/web/web.routes.ts` has the same word.
  html: { cspNonce: '__NONCE__' },
  build: {
    target: 'es2023',
    manifest: true,
    // A data: URL would have to be allowed by the Content-Security-Policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // The first load, some 250 kB compressed. What it may weigh is held by a test.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { output: { codeSplitting: { groups: FILES } } },
  },
  server: { proxy: Object.fromEntries(OF_SERVER.map((path) => [path, SERVER])) },
});

/** Puts a copy compressed as well as can be beside each text, so that the server never compresses anything. */
function compressed(): Plugin {
  return {
    name: 'compressed-copies',
    apply: 'build',
    writeBundle({ dir = '' }) {
      const folder = join(dir, 'assets');
      for (const name of readdirSync(folder).filter((file) => /\.(css|js|svg)$/.test(file))) {
        const path = join(folder, name);
        const text = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(text, { level: constants.Z_BEST_COMPRESSION }));
        writeFileSync(`${path}.br`, brotliCompressSync(text));
      }
    },
  };
}
