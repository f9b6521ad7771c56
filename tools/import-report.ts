import { globSync } from 'node:fs';
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';

/** An import that a rule of `.dependency-cruiser.mjs` forbids. Paths are relative to the repository. */
export interface ImportBreach {
  rule: string;
  from: string;
  /** What was imported; for a cycle, the way back to `from`. */
  to: string;
  /** What the rule asks for, in a sentence. */
  because: string;
}

export interface ImportReport {
  /** The TypeScript files on disk. */
  files: string[];
  /** The files whose imports were read. */
  filesRead: string[];
  importCount: number;
  breaches: ImportBreach[];
}

const FOLDERS = ['src', 'test', 'tools', 'bench', 'web/src'];

/** Reads the imports of every TypeScript file under `root`, an absolute path, and judges them by the rules found there. */
export async function reportImports(root: string): Promise<ImportReport> {
  const files = FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`, { cwd: root }))
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted();
  const folders = FOLDERS.filter((folder) => files.some((file) => file.startsWith(`${folder}/`)));
  const options = await extractDepcruiseOptions(`${root}/.dependency-cruiser.mjs`);
  const { output } = await cruise(folders, { ...options, baseDir: root, validate: true });
  if (typeof output === 'string') throw new TypeError('dependency-cruiser returned text where a result was asked for');
  return { files, ...judged(output) };
}

function judged({ modules, summary }: ICruiseResult): Omit<ImportReport, 'files'> {
  const read = modules.filter((module) => FOLDERS.some((folder) => module.source.startsWith(`${folder}/`)));
  const reasons = reasonsOf(summary.ruleSetUsed);
  return {
    filesRead: read.map((module) => module.source),
    importCount: read.reduce((sum, module) => sum + module.dependencies.length, 0),
    breaches: summary.violations.map(({ rule, from, to, cycle }) => ({
      rule: rule.name,
      from,
      to: cycle ? cycle.map((step) => step.name).join(' → ') : to,
      because: reasons.get(rule.name) ?? '',
    })),
  };
}

function reasonsOf(rules: IFlattenedRuleSet | undefined): Map<string, string> {
  return new Map((rules?.forbidden ?? []).map((rule) => [rule.name ?? '', rule.comment ?? '']));
}

/**
 * What is wrong, one line each; empty when nothing is. A parser that cannot read TypeScript finds nothing to
 * object to, so files that were not read, and a tree without an import, are complaints as well.
 */
export function complaints({ files, filesRead, importCount, breaches }: ImportReport): string[] {
  const read = new Set(filesRead);
  return [
    ...(importCount === 0 ? ['No import was seen in any file: the rules were checked against nothing.'] : []),
    ...files.filter((file) => !read.has(file)).map((file) => `${file}: was not read, so its imports were not checked.`),
    ...breaches.map(({ rule, from, to, because }) => `${from} → ${to}: ${because} [${rule}]`),
  ];
}
