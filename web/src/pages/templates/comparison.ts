import { diffArrays } from 'diff';
import { formatOf, linesOf } from '../../ui/pretty.ts';

/** A run of lines that both bodies have, or only one of them. */
export interface Run {
  in: 'both' | 'default' | 'template';
  lines: readonly string[];
}

export interface Body {
  content: string;
  contentType: string;
}

/** Of bodies that differ by more lines only the beginning would be read, and it takes long to find. */
const MOST_EDITS = 2_000;

/** How a template's body differs from the default one, line by line of both laid out; null when it is another altogether. */
export function compareBodies(usual: Body, made: Body): Run[] | null {
  const changes = diffArrays(linesOfBody(usual), linesOfBody(made), { maxEditLength: MOST_EDITS });
  if (changes === undefined) return null;
  return changes.map(({ value, added, removed }) => ({
    in: added ? 'template' : removed ? 'default' : 'both',
    lines: value,
  }));
}

function linesOfBody({ content, contentType }: Body): string[] {
  return content === '' ? [] : [...linesOf(content, formatOf(content, contentType))];
}
