import { isJsonObject, type JsonObject } from '../kernel/json.ts';
import type { ApiContext } from './api-client.ts';
import { type ExitCode, wrongUsage } from './command-io.ts';
import { fieldLines, printJson, printLines } from './output.ts';
import { readJson } from './read-input.ts';

/** The settings that hold for the whole instance: what webhooks inherit, and who it says it is in bodies. */
export type SettingsName = 'webhooks' | 'instance';

/** `waybill settings show`. */
export async function showSettings(context: ApiContext, name: SettingsName): Promise<ExitCode> {
  printSettings(context, await context.api.request<JsonObject>({ method: 'GET', path: `/settings/${name}` }));
  return 0;
}

/** `waybill settings replace`: what the file leaves out goes back to its built-in value. Prints what holds now. */
export async function replaceSettings(context: ApiContext, name: SettingsName, file: string): Promise<ExitCode> {
  const body = await readJson(context.io, file);
  if (!isJsonObject(body))
    throw wrongUsage(`${file} should hold one JSON object: what \`settings show --json\` prints.`);
  printSettings(context, await context.api.request<JsonObject>({ method: 'PUT', path: `/settings/${name}`, body }));
  return 0;
}

/** Every member on a line, nested ones as JSON. */
function printSettings({ io, json }: ApiContext, settings: JsonObject): void {
  if (json) printJson(io, settings);
  else {
    const fields = Object.entries(settings).map(
      ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
    );
    printLines(io, fieldLines(fields));
  }
}
