import type { Variable } from './templates.ts';

type Named = Pick<Variable, 'name' | 'meaning' | 'group'>;

const LONGEST_VALUE = 60;

/** What a variable is in the sample's data, as JSON; nothing where it has none, or where its members are listed by themselves. */
export function valueIn(data: unknown, variable: Named): string {
  const value = pathsOf(variable)
    .map((path) => memberAt(data, path))
    .find(isThere);
  return value === undefined || typeof value === 'object' ? '' : JSON.stringify(value).slice(0, LONGEST_VALUE);
}

/** Which of the names that a template uses stand for nothing in the sample. Names whose source is not known are left out. */
export function missingIn(data: unknown, used: readonly string[], variables: readonly Named[]): Set<string> {
  if (data === undefined) return new Set();
  const known = new Map(variables.map((variable) => [variable.name, variable]));
  return new Set(
    used.filter((name) => {
      const paths = pathsOf(known.get(name) ?? { name, meaning: '', group: 'always' });
      return paths.length > 0 && !paths.some((path) => isThere(memberAt(data, path)));
    }),
  );
}

/** Where in an event's data a variable comes from: the first of them that is there. Empty where it is made of more. */
function pathsOf({ name, meaning, group }: Named): readonly string[] {
  if (group === 'data') return [name];
  if (name.startsWith('data.')) return [name.slice('data.'.length)];
  const source = /^`([\w.]+)`$/.exec(meaning);
  if (source !== null) return [source[1] as string];
  const [, member, first, second] = /^`(\w+)` of `([\w.]+)`, else of `([\w.]+)`$/.exec(meaning) ?? [];
  return member === undefined ? [] : [`${first}.${member}`, `${second}.${member}`];
}

function memberAt(data: unknown, path: string): unknown {
  let value = data;
  for (const part of path.split('.')) {
    const has = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
    value = has ? (value as Record<string, unknown>)[part] : undefined;
  }
  return value;
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}
