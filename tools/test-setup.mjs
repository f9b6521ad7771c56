/*
 * Checks that this machine has what the tests need, and says so in one line. Exits with 1 and a remedy when not.
 * Installs Chromium where it may: tests in a browser are skipped without it.
 * JavaScript, because a Node too old for the tests is too old for TypeScript.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const CHROMIUM = '/usr/bin/chromium';
const NEEDED_MAJOR = 24;

const obstacle = wrongNode() ?? (await wrongStore());
if (obstacle === null) {
  console.log(`ready: Node ${process.version} with node:sqlite; ${browser()}`);
} else {
  console.error(obstacle);
  process.exitCode = 1;
}

function wrongNode() {
  if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) return null;
  return (
    `The tests need Node ${NEEDED_MAJOR} or newer; this is ${process.version}. ` +
    'Run `npm ci`, which installs one for this project, then `npm run test:setup`.'
  );
}

/** Says in what browser the pages will be tested. Installs one with apt where that is allowed. */
function browser() {
  if (!existsSync(CHROMIUM) && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('installing chromium with apt-get');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const apt = (...args) => spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    apt('update');
    apt('install', '--yes', '--no-install-recommends', 'chromium');
  }
  if (existsSync(CHROMIUM)) return `pages are tested in ${CHROMIUM}`;
  return `tests in a browser will be skipped: there is no ${CHROMIUM} (install the package chromium)`;
}

async function wrongStore() {
  try {
    const { DatabaseSync } = await import('node:sqlite');
    new DatabaseSync(':memory:').close();
    return null;
  } catch (error) {
    return (
      `The tests need node:sqlite, and this Node (${process.execPath}) cannot open a database with it: ${error}. ` +
      'Run `npm ci`, which installs a Node that can.'
    );
  }
}
