/**
 * Builds the pages into web/dist, which the server serves. Where nothing is there to build them with, because only what
 * runs in production was installed, says so and leaves everything as it is.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../web/', import.meta.url));
const bundler = findBundler();
if (bundler === null) {
  console.log('the pages were not built: what builds them is not installed (npm ci without --omit=dev installs it)');
} else {
  const { status } = spawnSync(process.execPath, [bundler, 'build', '--logLevel', 'warn'], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status === 0) console.log('the pages are built');
  process.exitCode = status ?? 1;
}

function findBundler(): string | null {
  try {
    const main = createRequire(`${folder}package.json`).resolve('vite/package.json');
    return main.replace(/package\.json$/, 'bin/vite.js');
  } catch {
    return null;
  }
}
