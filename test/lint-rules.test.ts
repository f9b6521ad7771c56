import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Every way to read time or chance that is not an argument, and the rule that reports it. */
const AMBIENT = [
  ['export const at = Date.now();', 'plugin'],
  ['export const clock = { now: Date.now };', 'plugin'],
  ['export const at = new Date();', 'plugin'],
  ['export const at = Date();', 'plugin'],
  ['export const at = performance.now();', 'plugin'],
  ['export const at = globalThis.performance.now();', 'plugin'],
  ['export const chance = Math.random();', 'plugin'],
  ['globalThis.setTimeout(() => {}, 1);', 'plugin'],
  ['setTimeout(() => {}, 1);', 'lint/style/noRestrictedGlobals'],
  ['setInterval(() => {}, 1);', 'lint/style/noRestrictedGlobals'],
  ['setImmediate(() => {});', 'lint/style/noRestrictedGlobals'],
  ["import 'node:timers';", 'lint/style/noRestrictedImports'],
  ["import 'node:timers/promises';", 'lint/style/noRestrictedImports'],
  ["import 'node:perf_hooks';", 'lint/style/noRestrictedImports'],
] as const;

const OTHER_RULES = [
  ['export const all: any = 1;', 'lint/suspicious/noExplicitAny'],
  ['export const first = (list: string[]): string => list[0]!;', 'lint/style/noNonNullAssertion'],
  ['export async function go(): Promise<void> {}\ngo();', 'lint/nursery/noFloatingPromises'],
  ['export const home = process.env.HOME;', 'lint/style/noProcessEnv'],
  ["console.log('here');", 'lint/suspicious/noConsole'],
  ["export * from './other.ts';", 'lint/performance/noReExportAll'],
] as const;

const ALLOWED = [
  'export const at = new Date(5);',
  'export const at = (clock: { now(): number }): number => clock.now();',
  'export const at = Date.parse("2026-01-01");',
  'export const largest = Math.max(1, 2);',
  '// biome-ignore lint/style/noRestrictedGlobals: the next turn of the loop is what is meant.\nsetImmediate(() => {});',
  '// biome-ignore lint/plugin: the reason why.\nexport const at = Date.now();',
];

let root: string;
/** The rules reported, by file. */
let reported: Map<string, string[]>;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'waybill-lint-'));
  for (const path of ['biome.json', '.gitignore', 'tools/lint']) cpSync(path, join(root, path), { recursive: true });
  [...AMBIENT, ...OTHER_RULES].forEach(([code], index) => {
    plant(`src/webhooks/planted-${index}.ts`, code);
  });
  AMBIENT.forEach(([code], index) => {
    for (const home of ['src/kernel', 'tools', 'bench', 'test']) plant(`${home}/planted-${index}.ts`, code);
    plant(`src/webhooks/planted-${index}.test.ts`, code);
  });
  ALLOWED.forEach((code, index) => {
    plant(`src/webhooks/allowed-${index}.ts`, code);
  });
  reported = await lint();
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function plant(file: string, code: string): void {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${code}\n`);
}

/** Runs the real linter with the real configuration over the planted files. */
async function lint(): Promise<Map<string, string[]>> {
  const biome = resolve('node_modules/@biomejs/biome/bin/biome');
  const options = ['lint', '--reporter=json', '--max-diagnostics=none', '--diagnostic-level=error', '.'];
  const stdout = await new Promise<string>((done) => {
    execFile(process.execPath, [biome, ...options], { cwd: root, maxBuffer: 2 ** 26 }, (_error, out) => done(out));
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] };
  const byFile = Map.groupBy(diagnostics, ({ location }) => location.path.replaceAll('\\', '/'));
  return new Map([...byFile].map(([file, found]) => [file, found.map(({ category }) => category)]));
}

describe('the lint rules', () => {
  test.each([...AMBIENT, ...OTHER_RULES].map(([code, rule], index) => ({ code, rule, index })))(
    'report `$code` in a module as $rule',
    ({ rule, index }) => {
      expect(reported.get(`src/webhooks/planted-${index}.ts`)).toContain(rule);
    },
  );

  test('leave time and chance to the kernel, to tests and to tools', () => {
    const banned = new Set<string>(AMBIENT.map(([, rule]) => rule));
    const exempt = [...reported].filter(([file]) => /^(src\/kernel|tools|bench|test)\/|\.test\.ts$/.test(file));
    expect(exempt.filter(([, rules]) => rules.some((rule) => banned.has(rule)))).toEqual([]);
  });

  test.each(ALLOWED.map((code, index) => ({ code, index })))('allow `$code`', ({ index }) => {
    expect(reported.get(`src/webhooks/allowed-${index}.ts`)).toBeUndefined();
  });
});
