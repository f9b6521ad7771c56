/**
 * Completes package-lock.json after `npm install`. A registry that mirrors only some platforms' packages makes npm leave
 * the others' optional ones out of the lock, and `npm ci` then refuses the whole of it. Names and versions stand in the
 * packages that ask for them; platform and processor are in the names.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface Entry {
  version: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

interface Lock {
  packages: Record<string, Entry>;
}

const LIBC: Record<string, string> = { musl: 'musl', musleabihf: 'musl', gnu: 'glibc', gnueabihf: 'glibc' };

/** `@biomejs/cli-linux-x64-musl` → linux, x64, musl. */
function platformOf(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> {
  const [, os = '', cpu = '', abi = ''] = (name.split('/').at(-1) ?? '').split('-');
  const libc = os === 'linux' ? LIBC[abi] : undefined;
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os] };
}

function missingFrom({ packages }: Lock): [string, Entry][] {
  const known = Object.keys(packages);
  return Object.values(packages).flatMap((asking) =>
    Object.entries(asking.optionalDependencies ?? {})
      .filter(([name]) => !known.some((path) => path.endsWith(`node_modules/${name}`)))
      .map(([name, version]): [string, Entry] => [
        `node_modules/${name}`,
        { version, ...(asking.dev ? { dev: true } : {}), ...platformOf(name), optional: true },
      ]),
  );
}

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8')) as Lock;
const missing = missingFrom(lock);
const packages = { ...lock.packages, ...Object.fromEntries(missing) };
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${missing.length} optional packages added to package-lock.json`);
