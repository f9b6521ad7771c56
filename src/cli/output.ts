import type { CommandIo } from './command-io.ts';

const TABLE_WIDTH = 100;
const GAP = '  ';
const SHORTEST_FLEXIBLE = 10;

/** Control characters but newline and tab, and the marks that turn the direction of text around. */
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Writes lines of text, each ended by a newline. */
export function printLines(io: CommandIo, lines: readonly string[]): void {
  io.stdout.write(`${lines.join('\n')}\n`);
}

/** Writes a value as JSON for machines, indented because people read it too. */
export function printJson(io: CommandIo, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** One column of a table: its heading and each row's cell. */
export interface Column<T> {
  heading: string;
  cell(row: T): string;
  /** Whether this column's text is cut (with `…`) where the table would be wider than 100 characters. */
  flexible?: boolean;
}

/**
 * The lines of a table: headings, then a line for each row, columns aligned and two spaces apart. Without rows it is
 * the one line `none`. At most 100 characters wide as long as the flexible columns can give way; ids are never cut.
 */
export function tableLines<T>(rows: readonly T[], columns: readonly Column<T>[], none: string): string[] {
  if (rows.length === 0) return [none];
  const cells = [
    columns.map((column) => column.heading),
    ...rows.map((row) => columns.map((c) => oneLine(c.cell(row)))),
  ];
  const widths = columnWidths(cells, columns);
  return cells.map((line) =>
    line
      .map((text, at) => cut(text, widths[at] ?? 0).padEnd(widths[at] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

function columnWidths(cells: readonly string[][], columns: readonly { flexible?: boolean }[]): number[] {
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  let excess = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - TABLE_WIDTH;
  // The last flexible column gives way first.
  for (let at = columns.length - 1; at >= 0; at -= 1) {
    const width = widths[at] ?? 0;
    if (excess <= 0 || !columns[at]?.flexible) continue;
    const given = Math.max(0, Math.min(excess, width - SHORTEST_FLEXIBLE));
    widths[at] = width - given;
    excess -= given;
  }
  return widths;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** What a list says below itself when there is more. `next` is the page's cursor, or null at the end. */
export function nextPageLines(next: string | null): string[] {
  return next === null ? [] : ['', `There are more: add --cursor ${next}`];
}

/** Lines of `name  value`, the values aligned. A value of several lines goes on below itself. */
export function fieldLines(fields: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.flatMap(([name, value]) =>
    printable(value)
      .split('\n')
      .map((line, at) => `${(at === 0 ? name : '').padEnd(width)}${GAP}${line}`.trimEnd()),
  );
}

/** An instant of the API (RFC 3339, UTC) as tables show it: `2025-01-31 02:30:00`. Headings say that it is UTC. */
export function shortInstant(instant: string): string {
  return instant.replace('T', ' ').replace(/(\.\d+)?Z$/, '');
}

/**
 * A body as people read it: JSON indented, other text as it is. What the other side sent cannot steer the terminal:
 * see `printable`.
 */
export function readableBody(body: string): string {
  try {
    return printable(JSON.stringify(JSON.parse(body), null, 2));
  } catch {
    return printable(body);
  }
}

/** Text that cannot steer a terminal: its control characters are shown as `\u001b`, and `\r\n` as a newline. */
export function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(UNPRINTABLE, (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

function oneLine(text: string): string {
  return printable(text).replaceAll(/[\n\t]/g, ' ');
}

/** `1 event`, `2 events`, `1,000 events`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${numberInWords(number)} ${number === 1 ? one : many}`;
}

/** A whole number with a comma at each thousand. */
export function numberInWords(number: number): string {
  return number.toLocaleString('en-US');
}

/** A number of bytes as people say it: `1.4 GB`. */
export function bytesInWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${value.toFixed(power > 0 && value < 100 ? 1 : 0)} ${units[power]}`;
}
