import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../src/cli/cli-stage.ts';
import { readSettings } from '../src/config/index.ts';
import { DELIVERY_STATES } from '../src/deliveries/deliveries.state.ts';
import { REFUSALS } from '../src/kernel/errors.ts';
import { eventsDocument } from '../tools/generate-events-doc.ts';
import { templatesDocument } from '../tools/generate-templates-doc.ts';
import { codeBlocks, readDocument, sectionOf, tableRows } from './harness/markdown.ts';
import { startServer } from './harness/server.ts';

const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'bench/*.md']);

/** The text between the first pair of backquotes, or the text itself. */
function bare(cell: string | undefined): string {
  return /`([^`]+)`/.exec(cell ?? '')?.[1] ?? cell ?? '';
}

function firstColumn(path: string, heading: string): string[] {
  return tableRows(sectionOf(readDocument(path), heading)).map(([cell]) => bare(cell));
}

test('docs/events.md is what the catalogue says', () => {
  expect(readDocument('docs/events.md'), 'Run `node tools/generate-events-doc.ts`.').toBe(eventsDocument());
});

test('docs/templates.md is what the tables of variables and presets say', () => {
  const written = readDocument('docs/templates.md');
  expect(written, 'Run `node tools/generate-templates-doc.ts`.').toBe(templatesDocument());
});

test('the glossary draws every state of a delivery, and no other', () => {
  const [diagram = ''] = codeBlocks(readDocument('docs/glossary.md'), 'mermaid');
  const drawn = [...diagram.matchAll(/^ +(\S+) --> ([^\s:]+)/gm)].flatMap(([, from, to]) => [from, to]);
  expect(new Set(drawn)).toEqual(new Set(['[*]', ...DELIVERY_STATES]));
});

describe('docs/dependencies.md', () => {
  const packageJson = JSON.parse(readDocument('package.json')) as Record<string, Record<string, string>>;

  test.each([
    ['## At run time', 'dependencies'],
    ['## Node itself', 'optionalDependencies'],
    ['## For development', 'devDependencies'],
  ])('names under "%s" exactly the packages of %s', (heading, kind) => {
    expect(firstColumn('docs/dependencies.md', heading)).toEqual(Object.keys(packageJson[kind] ?? {}));
  });

  test('names under "## The web UI" exactly the packages that it is built with', () => {
    const { devDependencies } = JSON.parse(readDocument('web/package.json')) as Record<string, object>;
    expect(firstColumn('docs/dependencies.md', '## The web UI')).toEqual(Object.keys(devDependencies ?? {}));
  });

  test.each(['## At run time', '## For development', '## The web UI'])(
    'names under "%s" the licences that the packages name',
    (heading) => {
      const rows = tableRows(sectionOf(readDocument('docs/dependencies.md'), heading));
      expect(rows.map(([name, , licence]) => [bare(name), licence])).toEqual(
        rows.map(([name]) => [bare(name), licenceOf(bare(name))]),
      );
    },
  );

  /** npm puts a package of the UI beside the others, or below the UI where another version is needed there. */
  function licenceOf(name: string): string {
    const path = ['web/node_modules', 'node_modules'].map((folder) => `${folder}/${name}/package.json`);
    return JSON.parse(readDocument(path.find((file) => existsSync(file)) ?? '')).license;
  }
});

test('docs/api.md lists every code of a problem with its status', () => {
  const rows = tableRows(sectionOf(readDocument('docs/api.md'), '## Problems'));
  const refusals = Object.entries(REFUSALS).map(([code, { status }]) => [code, status]);
  expect(rows.map(([code, statuses]) => [bare(code), Number.parseInt(statuses ?? '', 10)])).toEqual(refusals);
});

describe('docs/operating.md', () => {
  test('lists every setting of the file under its variable, and no other', async () => {
    const rows = tableRows(sectionOf(readDocument('docs/operating.md'), '## Settings'));
    const settings = rows.map(([variable, key]) => [bare(variable), bare(key)]).filter(([, key]) => key !== '–');
    for (const [variable, key = ''] of settings) {
      expect(variable).toBe(`WAYBILL_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`);
    }
    expect(settings.map(([, key]) => key).toSorted()).toEqual((await knownSettings()).toSorted());
  });

  test('holds a settings file that can be used', async () => {
    const [yaml = ''] = codeBlocks(readDocument('docs/operating.md'), 'yaml');
    expect(await settingsFrom(yaml)).toMatchObject({
      retentionDays: 90,
      egressAllow: '10.20.0.0/16,hooks.internal:8443',
    });
  });

  test('lists every metric of ours that the server shows, with its type', async () => {
    const server = await startServer({ env: { WAYBILL_METRICS_PUBLIC: 'true' } });
    const page = await (await fetch(`${server.url}/metrics`)).text();
    const shown = [...page.matchAll(/^# TYPE (waybill_\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
    const listed = tableRows(sectionOf(readDocument('docs/operating.md'), '## Metrics')).map(([name, type]) => [
      bare(name),
      type,
    ]);
    expect(listed.toSorted()).toEqual(shown.toSorted());
  });
});

describe('every document', () => {
  test.each(DOCUMENTS)('%s links to files and headings that are there', (path) => {
    expect(linksOf(path).filter((link) => !leadsSomewhere(path, link))).toEqual([]);
  });

  test.each(commandLines())('%s shows a command that exists, with options that it has: %s', async (_path, line) => {
    const words = line.split(/\s+/).slice(2);
    const options = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/=.*/, ''));
    const help = await helpFor(words);
    expect(help.exitCode).toBe(0);
    for (const option of options) expect(help.stdout).toMatch(new RegExp(`${option}\\b`));
  });
});

/** The settings that the program itself says it knows. */
async function knownSettings(): Promise<string[]> {
  const refusal = await settingsFrom('noSuchSetting: 1').catch(String);
  const [, names] = /Known are (.+)\.$/.exec(String(refusal)) ?? [];
  return names?.split(', ') ?? expect.fail('An unknown setting was not refused with the list of known ones.');
}

async function settingsFrom(yaml: string): Promise<object> {
  const workingDir = mkdtempSync(join(tmpdir(), 'waybill-docs-'));
  onTestFinished(() => rmSync(workingDir, { recursive: true }));
  writeFileSync(join(workingDir, 'waybill.yaml'), yaml);
  return (await readSettings({ flags: {}, env: {}, workingDir, isTerminal: false })).settings;
}

function linksOf(path: string): string[] {
  const prose = readDocument(path).replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^https?:/.test(link));
}

function leadsSomewhere(from: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : posix.join(dirname(from), file);
  return existsSync(target) && (anchor === undefined || anchorsOf(readFileSync(target, 'utf8')).includes(anchor));
}

/** Headings as GitHub makes anchors of them. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Every `node bin/waybill.js …` in the shell blocks of the documents, with the document it is in. */
function commandLines(): [path: string, line: string][] {
  return DOCUMENTS.flatMap((path) =>
    codeBlocks(readDocument(path), 'sh')
      .flatMap((block) => [...block.replaceAll('\\\n', ' ').matchAll(/node bin\/waybill\.js [^\n)|>]*/g)])
      .map(([line]): [string, string] => [path, line]),
  );
}

const GROUPS = ['api-key', 'users', 'events', 'webhooks', 'deliveries', 'replays', 'templates', 'keys', 'migrate'];

/** The help of the command that the words begin with. */
function helpFor(words: readonly string[]): ReturnType<typeof runCommand> {
  const [first = '', second = ''] = words;
  if (first.startsWith('--')) return runCommand(['--help']);
  return runCommand([first, ...(GROUPS.includes(first) ? [second] : []), '--help']);
}
