import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** The packages that are loaded, with everything else, by a thread that imports the module. */
function packagesLoadedBy(module: string): string[] {
  const script = `
    const { registerHooks } = await import('node:module');
    const packages = new Set();
    registerHooks({
      load(url, context, next) {
        const [, name] = /\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url) ?? [];
        if (name !== undefined) packages.add(name);
        return next(url, context);
      },
    });
    await import(${JSON.stringify(join(ROOT, module))});
    console.log(JSON.stringify([...packages].sort()));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }));
}

// The server's threads but the main one, and what each loads when it starts: 400 ms of it once were the web framework.
test('the threads of the store load no package', () => {
  expect(packagesLoadedBy('src/app.commands.ts')).toEqual([]);
  expect(packagesLoadedBy('src/store/sqlite/thread.ts')).toEqual([]);
});

test('the thread that sends loads its HTTP client and nothing else of weight', () => {
  expect(packagesLoadedBy('src/egress/thread.ts')).toEqual(['ipaddr.js', 'undici']);
});

test('a thread that renders templates loads their language, and what reads XML only when it is needed', () => {
  expect(packagesLoadedBy('src/templates/thread.ts')).toEqual(['liquidjs']);
});
