import type { Json } from '../kernel/json.ts';
import type { LogAnswer, PageAnswer } from './api-answers.ts';
import type { ApiContext } from './api-client.ts';
import type { ExitCode } from './command-io.ts';
import { nextPageLines, printable, printJson, printLines } from './output.ts';

/** `waybill logs`. `query` holds the server's own parameters. */
export async function listLogs({ io, api, json }: ApiContext, query: Record<string, string>): Promise<ExitCode> {
  const page = await api.request<PageAnswer<LogAnswer>>({ method: 'GET', path: '/logs', query });
  if (json) printJson(io, page);
  else printLines(io, [...linesOf(page), ...nextPageLines(page.next)]);
  return 0;
}

/** A search stops after a while, so a page may be empty and still have a next one. */
function linesOf({ items, next }: PageAnswer<LogAnswer>): string[] {
  if (items.length > 0) return items.map(lineOf);
  return [next === null ? 'No lines.' : 'No lines so far; the search has not come to its end.'];
}

/** `2025-01-31T02:30:00.123Z  warn   message  name=value …`, on one line. */
function lineOf({ at, level, message, ...fields }: LogAnswer): string {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${textOf(value)}`);
  const line = [at, level.padEnd(5), message, ...rest].join('  ');
  return printable(line).replaceAll('\n', '\\n');
}

function textOf(value: Json): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
