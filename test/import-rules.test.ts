import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { complaints, type ImportReport, reportImports } from '../tools/import-report.ts';

const MODULES = [
  'kernel',
  'store',
  'work',
  'http',
  'identity',
  'sealing',
  'audit',
  'system-log',
  'feed',
  'events',
  'payloads',
  'egress',
  'templates',
  'webhooks',
  'deliveries',
  'web',
];

/** What a small Waybill that keeps every rule imports, by file. */
const KEEPING: Record<string, string[]> = {
  ...Object.fromEntries(MODULES.map((module) => [`src/${module}/index.ts`, []])),
  'src/config/index.ts': ['../kernel/clock.ts', '../webhooks/webhooks.config.ts'],
  'src/kernel/clock.ts': ['node:perf_hooks'],
  'src/kernel/ids.ts': ['node:crypto', './clock.ts'],
  'src/kernel/digest.ts': ['node:crypto', 'node:util'],
  'src/store/sqlite/open.ts': ['node:sqlite', 'node:fs', '../../kernel/clock.ts'],
  'src/store/postgres/open.ts': ['pg'],
  'src/work/loop.ts': ['../store/index.ts'],
  'src/http/host.ts': ['fastify'],
  // The way back of a planted cycle, which is reported once.
  'src/http/egg.ts': ['./chicken.ts'],
  'src/identity/keys.ts': ['../store/index.ts', '../http/index.ts'],
  'src/sealing/rotation.ts': ['../store/index.ts', 'node:fs'],
  'src/audit/audit.store.ts': ['../store/index.ts'],
  'src/system-log/logs.routes.ts': ['fastify', '../http/index.ts'],
  'src/feed/feed.store.ts': ['../store/index.ts'],
  'src/events/events.store.ts': ['../store/index.ts', '../kernel/ids.ts'],
  'src/events/events.routes.ts': ['fastify', '../http/index.ts'],
  'src/payloads/render.ts': ['./escape.ts', '../kernel/digest.ts', 'node:buffer'],
  'src/payloads/escape.ts': [],
  'src/payloads/render.test.ts': ['./render.ts', 'node:fs', 'vitest'],
  'src/egress/dial.ts': ['undici', 'node:dns/promises'],
  'src/templates/line.ts': ['node:worker_threads', '../payloads/index.ts', '../events/index.ts', '../store/index.ts'],
  'src/webhooks/webhooks.config.ts': [],
  'src/webhooks/webhooks.ts': [
    '../audit/index.ts',
    '../sealing/index.ts',
    '../events/index.ts',
    '../payloads/index.ts',
    '../templates/index.ts',
    '../egress/index.ts',
  ],
  'src/webhooks/webhooks.suite.ts': ['./webhooks.ts', 'vitest', '../../test/receiver.ts'],
  'src/deliveries/deliveries.state.ts': ['../kernel/ids.ts', 'node:util'],
  'src/deliveries/deliveries.ts': [
    '../webhooks/index.ts',
    '../work/index.ts',
    '../feed/index.ts',
    './deliveries.state.ts',
  ],
  'src/deliveries/deliveries.state.test.ts': ['./deliveries.state.ts', 'vitest', 'node:http'],
  'src/app.commands.ts': ['./events/events.store.ts', './config/index.ts'],
  'src/app.ts': ['fastify', './app.commands.ts', './config/index.ts', './deliveries/index.ts'],
  'src/main.ts': ['./app.ts', './config/index.ts'],
  'src/cli/main.ts': ['../main.ts', '../config/index.ts', 'undici'],
  'src/web/web.routes.ts': ['fastify', '../http/index.ts', 'node:fs/promises'],
  'web/src/api/client.ts': [],
  'web/src/locales/index.ts': [],
  'web/src/ui/button.tsx': ['../api/client.ts'],
  'web/src/forms/form.tsx': ['../api/client.ts', '../ui/button.tsx'],
  'web/src/pages/page.tsx': ['../api/client.ts', '../ui/button.tsx', '../forms/form.tsx', '../locales/index.ts'],
  'test/receiver.ts': ['node:http'],
  'test/whole.test.ts': ['../src/app.ts', '../src/events/events.store.ts', './receiver.ts', 'vitest'],
};

interface Plant {
  rule: string;
  file: string;
  imports: string[];
}

/** Files that each break one rule, and no other. */
const BREAKING: Plant[] = [
  ...MODULES.map((module) => ({
    rule: `may-import-${module}`,
    file: `src/${module}/reaches-sideways.ts`,
    imports: [module === 'identity' ? '../audit/index.ts' : '../identity/index.ts'],
  })),
  { rule: 'may-import-events', file: 'src/events/reaches-sideways.test.ts', imports: ['../audit/index.ts'] },
  { rule: 'may-import-webhooks', file: 'src/webhooks/reaches-up.ts', imports: ['../app.ts'] },
  { rule: 'known-module', file: 'src/novelty/novelty.ts', imports: ['../kernel/ids.ts'] },
  { rule: 'sources-know-no-webhooks', file: 'src/events/tells.ts', imports: ['../webhooks/index.ts'] },
  { rule: 'through-the-face', file: 'src/webhooks/peeks.ts', imports: ['../events/events.store.ts'] },
  { rule: 'through-the-face', file: 'src/webhooks/peeks.test.ts', imports: ['../events/events.store.ts'] },
  { rule: 'config-reads-config', file: 'src/config/knows-too-much.ts', imports: ['../webhooks/index.ts'] },
  { rule: 'config-is-for-the-top', file: 'src/webhooks/helps-itself.ts', imports: ['../config/index.ts'] },
  { rule: 'state-imports-kernel-only', file: 'src/deliveries/impure.state.ts', imports: ['./deliveries.ts'] },
  { rule: 'pure-files-do-no-io', file: 'src/deliveries/hashes.state.ts', imports: ['node:crypto'] },
  { rule: 'pure-files-do-no-io', file: 'src/payloads/reads-a-file.ts', imports: ['node:fs'] },
  { rule: 'kernel-does-no-io', file: 'src/kernel/asks-the-machine.ts', imports: ['node:os'] },
  { rule: 'fastify-at-the-edge', file: 'src/webhooks/serves.ts', imports: ['fastify', '@fastify/swagger'] },
  { rule: 'database-in-the-store', file: 'src/webhooks/queries.ts', imports: ['node:sqlite', 'pg'] },
  { rule: 'undici-in-egress', file: 'src/deliveries/dials.ts', imports: ['undici'] },
  { rule: 'nothing-outside-src', file: 'src/egress/leans-on-tests.ts', imports: ['../../test/receiver.ts'] },
  { rule: 'nothing-outside-src', file: 'src/web/renders.ts', imports: ['../../web/src/api/client.ts'] },
  { rule: 'pages-know-the-api-alone', file: 'web/src/pages/reaches-in.ts', imports: ['../../../src/kernel/ids.ts'] },
  ...['api', 'locales', 'ui', 'forms'].map((folder) => ({
    rule: `may-import-web-${folder}`,
    file: `web/src/${folder}/knows-a-page.tsx`,
    imports: ['../pages/page.tsx'],
  })),
  { rule: 'no-tests-in-production', file: 'src/webhooks/runs-a-suite.ts', imports: ['./webhooks.suite.ts'] },
  { rule: 'no-development-packages', file: 'src/http/tests-itself.ts', imports: ['vitest'] },
  { rule: 'resolves', file: 'src/http/dangles.ts', imports: ['./missing.ts'] },
  { rule: 'no-cycles', file: 'src/http/chicken.ts', imports: ['./egg.ts'] },
];

const PRODUCTION_PACKAGES = ['fastify', '@fastify/swagger', 'undici', 'pg'];
const DEVELOPMENT_PACKAGES = ['vitest'];

let root: string;
let report: ImportReport;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'waybill-imports-'));
  plantPackages();
  for (const [file, imports] of Object.entries(KEEPING)) plant(file, imports);
  for (const { file, imports } of BREAKING) plant(file, imports);
  report = await reportImports(root);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, text: string): void {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function plant(file: string, imports: string[]): void {
  write(file, `${imports.map((name) => `import '${name}';`).join('\n')}\nexport {};\n`);
}

function plantPackages(): void {
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json']) cpSync(file, join(root, file));
  const versions = (names: string[]) => Object.fromEntries(names.map((name) => [name, '1.0.0']));
  write(
    'package.json',
    JSON.stringify({ dependencies: versions(PRODUCTION_PACKAGES), devDependencies: versions(DEVELOPMENT_PACKAGES) }),
  );
  for (const name of [...PRODUCTION_PACKAGES, ...DEVELOPMENT_PACKAGES]) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(`node_modules/${name}/index.js`, '');
  }
}

function rulesBrokenBy(file: string): string[] {
  return [...new Set(report.breaches.filter((breach) => breach.from === file).map((breach) => breach.rule))];
}

describe('the import rules', () => {
  test.each(BREAKING)('report $file as a breach of $rule, and of nothing else', ({ file, rule }) => {
    expect(rulesBrokenBy(file)).toEqual([rule]);
  });

  test('report each forbidden import of a file', () => {
    const queries = report.breaches.filter((breach) => breach.from === 'src/webhooks/queries.ts');
    expect(queries.map((breach) => breach.to).toSorted()).toEqual(
      ['node:sqlite', 'node_modules/pg/index.js'].toSorted(),
    );
  });

  test('have nothing against what keeps them', () => {
    const breaches = report.breaches.filter((breach) => breach.from in KEEPING);
    expect(breaches).toEqual([]);
  });

  test('are all broken by one of the planted files', async () => {
    const { default: rules } = (await import(join(root, '.dependency-cruiser.mjs'))) as {
      default: { forbidden: { name: string }[] };
    };
    const planted = new Set(BREAKING.map((plant) => plant.rule));
    expect(rules.forbidden.map((rule) => rule.name).filter((name) => !planted.has(name))).toEqual([]);
  });
});

describe('the import check', () => {
  test('reads every file, so that a breach cannot hide in one that was skipped', () => {
    expect(report.filesRead.toSorted()).toEqual(report.files);
    expect(report.files).toHaveLength(Object.keys(KEEPING).length + BREAKING.length);
  });

  test('complains of a breach with the file, what it imports, the reason and the rule', () => {
    expect(complaints(report)).toContain(
      'src/webhooks/peeks.ts → src/events/events.store.ts: Another module is imported through its index.ts. ' +
        'Only the kernel and *.config.ts are open. [through-the-face]',
    );
  });

  test('complains of files that the parser did not read', () => {
    const blind: ImportReport = {
      files: ['src/a.ts', 'src/b.ts'],
      filesRead: ['src/a.ts'],
      importCount: 3,
      breaches: [],
    };
    expect(complaints(blind)).toEqual([expect.stringContaining('src/b.ts: was not read')]);
  });

  test('complains when no import was seen at all', () => {
    const blind: ImportReport = { files: ['src/a.ts'], filesRead: ['src/a.ts'], importCount: 0, breaches: [] };
    expect(complaints(blind)).toEqual([expect.stringContaining('No import was seen')]);
  });
});
