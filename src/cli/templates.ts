import type { JsonObject } from '../kernel/json.ts';
import type { PresetAnswer, PreviewAnswer } from './api-answers.ts';
import type { ApiContext } from './api-client.ts';
import { CommandFailure, type ExitCode, wrongUsage } from './command-io.ts';
import { printJson, printLines, readableBody, tableLines } from './output.ts';
import { readTextFile } from './read-input.ts';

export interface PreviewOptions {
  file: string;
  contentType: string;
  eventType?: string;
  eventId?: string;
}

/** `waybill templates preview`: shows the body, then what is wrong. Returns 1 where the template does not hold. */
export async function previewTemplate({ io, api, json }: ApiContext, options: PreviewOptions): Promise<ExitCode> {
  const { file, contentType, eventType, eventId } = options;
  if (eventType !== undefined && eventId !== undefined) {
    throw wrongUsage('Give --event-type or --event-id, not both.');
  }
  const event: JsonObject = eventId === undefined ? { eventType: eventType ?? 'transfer.completed' } : { eventId };
  const body = { template: await readTextFile(io, file), contentType, ...event };
  const preview = await api.request<PreviewAnswer>({ method: 'POST', path: '/templates/preview', body });
  if (json) printJson(io, preview);
  else printLines(io, [...readableBody(preview.body ?? '').split('\n'), ...findingsOf(preview)]);
  return preview.valid ? 0 : 1;
}

function findingsOf({ errors, unknownVariables }: PreviewAnswer): string[] {
  const faults = errors.map(({ detail, line, column, eventType }) => {
    const place = line === null ? '' : `line ${line}, column ${column}: `;
    return `error: ${eventType === null ? '' : `${eventType}: `}${place}${detail}`;
  });
  const unknown = unknownVariables.map(
    ({ name, nearest }) => `warning: nothing has the name ${name}${nearest === null ? '' : `; was ${nearest} meant?`}`,
  );
  const findings = [...faults, ...unknown];
  return findings.length === 0 ? [] : ['', ...findings];
}

/** `waybill templates presets`: what there is, or one template as it is, ready for a file. */
export async function showPresets({ io, api, json }: ApiContext, id: string | null): Promise<ExitCode> {
  const { items } = await api.request<{ items: PresetAnswer[] }>({ method: 'GET', path: '/templates/presets' });
  const one = items.find((preset) => preset.id === id) ?? null;
  if (id !== null && one === null) {
    const known = items.map((preset) => preset.id).join(', ');
    throw new CommandFailure(`There is no preset ${JSON.stringify(id)}. There are ${known}.`);
  }
  if (json) printJson(io, one ?? items);
  else if (one !== null) io.stdout.write(one.template);
  else {
    const columns = [
      { heading: 'ID', cell: (preset: PresetAnswer) => preset.id },
      { heading: 'NAME', cell: (preset: PresetAnswer) => preset.name },
      { heading: 'DESCRIPTION', cell: (preset: PresetAnswer) => preset.description, flexible: true },
    ];
    printLines(io, tableLines(items, columns, 'No presets.'));
  }
  return 0;
}
