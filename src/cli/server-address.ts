import { readFileSync } from 'node:fs';
import { messageOf } from '../kernel/errors.ts';
import { type CommandIo, wrongUsage } from './command-io.ts';

const DEFAULT_LISTEN = '127.0.0.1:8080';
const DEFAULT_SETTINGS_FILE = 'waybill.yaml';

/**
 * The base URL of the Waybill to talk to, without a slash at its end: `--url`, else the setting WAYBILL_BASE_URL, else
 * where the setting WAYBILL_LISTEN puts a server of this machine, else http://127.0.0.1:8080. A setting is the
 * environment variable, else the key `baseUrl` or `listen` of the settings file (`--config`, else WAYBILL_CONFIG, else
 * `waybill.yaml` where there is one). Dials nothing. Throws a `CommandFailure` (2) for what is no URL or no such file.
 */
export async function findServer(
  io: CommandIo,
  options: { url?: string | undefined; config?: string | undefined },
): Promise<string> {
  const given = options.url ?? (io.env.WAYBILL_BASE_URL || null);
  if (given !== null) return parseBaseUrl(given);
  const file = await readSettingsFile(io, options.config);
  return parseBaseUrl(file.baseUrl ?? urlOfListen(io.env.WAYBILL_LISTEN || (file.listen ?? DEFAULT_LISTEN)));
}

function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw wrongUsage(`${JSON.stringify(text)} is not the URL of a Waybill; one looks like http://${DEFAULT_LISTEN}.`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** A server that listens on every address is reached at this machine's own; what port 0 became is not known here. */
function urlOfListen(listen: string): string {
  const address = listen.endsWith(':0') ? DEFAULT_LISTEN : listen;
  return `http://${address.replace(/^(0\.0\.0\.0|\[::\]|)(?=:\d+$)/, '127.0.0.1')}`;
}

/** The two settings of the file that say where the server is; none where no file is named and the usual one is absent. */
async function readSettingsFile(
  io: CommandIo,
  named: string | undefined,
): Promise<{ baseUrl?: string; listen?: string }> {
  const file = named ?? (io.env.WAYBILL_CONFIG || null);
  const text = readIfThere(file ?? DEFAULT_SETTINGS_FILE, { mayBeAbsent: file === null });
  if (text === null) return {};
  const { parse } = await import('yaml');
  try {
    const settings: unknown = parse(text);
    return { ...textMember(settings, 'baseUrl'), ...textMember(settings, 'listen') };
  } catch (error) {
    throw wrongUsage(`The settings file ${file ?? DEFAULT_SETTINGS_FILE} is not YAML: ${messageOf(error)}`);
  }
}

function readIfThere(file: string, options: { mayBeAbsent: boolean }): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (options.mayBeAbsent && (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw wrongUsage(`The settings file ${file} cannot be read: ${messageOf(error)}.`);
  }
}

function textMember<K extends string>(settings: unknown, name: K): { [key in K]?: string } {
  if (typeof settings !== 'object' || settings === null || !(name in settings)) return {};
  const value: unknown = settings[name as keyof typeof settings];
  return typeof value === 'string' ? ({ [name]: value } as { [key in K]?: string }) : {};
}
