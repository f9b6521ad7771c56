import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, SetupError } from '../kernel/errors.ts';

/** Everything about a server that is decided before it starts. Frozen; secrets are kept apart. */
export interface Settings {
  /** Absolute. */
  dataDir: string;
  listen: { host: string; port: number };
  keyFile: string;
  egressAllow: string;
  /** What is not sent through the proxy. */
  noProxy: string;
  /** The public URL, or null: then it follows from where the server listens. */
  baseUrl: string | null;
  /** What kind of instance this is, for those who are told: `{{environment}}` in templates. */
  environment: string;
  maxInFlight: number;
  retentionDays: number;
  metricsPublic: boolean;
  logFormat: 'json' | 'pretty';
}

export interface Secrets {
  /** The bootstrap admin key, or null. */
  apiKey: string | null;
  /** The URL of the HTTP proxy, credentials and all, or null. */
  httpProxy: string | null;
}

/** Where settings come from: a flag wins over the environment, and that over the file. */
export interface SettingsSources {
  /** By the name of the setting, such as `dataDir`. */
  flags: Readonly<Record<string, string | undefined>>;
  env: Readonly<Record<string, string | undefined>>;
  workingDir: string;
  isTerminal: boolean;
}

const NAMES = [
  'dataDir',
  'listen',
  'databaseUrl',
  'keyFile',
  'role',
  'apiKey',
  'egressAllow',
  'httpProxy',
  'noProxy',
  'baseUrl',
  'environment',
  'maxInFlight',
  'retentionDays',
  'metricsPublic',
  'logFormat',
] as const;
type Name = (typeof NAMES)[number];

type Flat = Readonly<Partial<Record<Name, string>>>;

/** Reads and checks every setting. Throws a `SetupError` that names the setting and what it may be. */
export async function readSettings(sources: SettingsSources): Promise<{ settings: Settings; secrets: Secrets }> {
  const flat = await readFlat(sources);
  refuseWhatIsNotOffered(flat);
  const dataDir = resolve(sources.workingDir, flat.dataDir ?? 'waybill-data');
  const settings: Settings = {
    dataDir,
    listen: parseListen(flat.listen ?? '127.0.0.1:8080'),
    keyFile: resolve(sources.workingDir, flat.keyFile ?? `${dataDir}/keys/master.key`),
    egressAllow: flat.egressAllow ?? '',
    noProxy: flat.noProxy ?? '',
    baseUrl: parseBaseUrl(flat.baseUrl),
    environment: parseEnvironment(flat.environment ?? 'production'),
    maxInFlight: parseNumber(flat, 'maxInFlight', { fallback: 512, min: 1, max: 100_000 }),
    retentionDays: parseNumber(flat, 'retentionDays', { fallback: 30, min: 1, max: 36_500 }),
    metricsPublic: parseChoice(flat, 'metricsPublic', ['true', 'false'], 'false') === 'true',
    logFormat: parseChoice(flat, 'logFormat', ['json', 'pretty'], sources.isTerminal ? 'pretty' : 'json'),
  };
  return {
    settings: Object.freeze(settings),
    secrets: { apiKey: flat.apiKey ?? null, httpProxy: flat.httpProxy ?? null },
  };
}

/** `dataDir` → `WAYBILL_DATA_DIR`. */
export function variableOf(name: string): string {
  return `WAYBILL_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

async function readFlat({ flags, env, workingDir }: SettingsSources): Promise<Flat> {
  const file = await readFile(flags.config ?? env.WAYBILL_CONFIG ?? null, workingDir);
  const flat: Partial<Record<Name, string>> = {};
  for (const name of NAMES) {
    const value = flags[name] ?? fromEnvironment(name, env, workingDir) ?? file[name];
    if (value !== undefined) flat[name] = value;
  }
  return flat;
}

/** The settings that hold a secret, which may also lie in a file that `…_FILE` names. */
const SECRET_NAMES: readonly Name[] = ['apiKey', 'databaseUrl', 'httpProxy'];

/** The variable, or for a secret the content of the file that `…_FILE` names; an empty variable counts as unset. */
function fromEnvironment(name: Name, env: SettingsSources['env'], workingDir: string): string | undefined {
  const variable = variableOf(name);
  const path = SECRET_NAMES.includes(name) ? env[`${variable}_FILE`] : undefined;
  if (env[variable] && path) throw new SetupError(`Set ${variable} or ${variable}_FILE, not both.`);
  if (!path) return env[variable] || undefined;
  const secret = readSecret(resolve(workingDir, path), `${variable}_FILE`);
  if (secret === '') throw new SetupError(`${variable}_FILE names ${path}, which is empty: put the secret in it.`);
  return secret;
}

/** The file's text without the white space around it. */
function readSecret(path: string, variable: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new SetupError(`${variable} names ${path}, which cannot be read: ${messageOf(error)}`);
  }
}

const DEFAULT_FILE = 'waybill.yaml';

async function readFile(named: string | null, workingDir: string): Promise<Record<string, string | undefined>> {
  const path = resolve(workingDir, named ?? DEFAULT_FILE);
  if (!existsSync(path)) {
    if (named === null) return {};
    throw new SetupError(`There is no settings file ${path}.`);
  }
  const content = await parseYaml(path);
  const settings: Record<string, string> = {};
  for (const [key, value] of Object.entries(content)) {
    if (!(NAMES as readonly string[]).includes(key)) {
      throw new SetupError(`${path}: there is no setting ${JSON.stringify(key)}. Known are ${NAMES.join(', ')}.`);
    }
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      throw new SetupError(`${path}: ${key} must be a single value.`);
    }
    if (value !== null) settings[key] = Array.isArray(value) ? value.join(',') : String(value);
  }
  return settings;
}

async function parseYaml(path: string): Promise<object> {
  const { parse } = await import('yaml');
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // What follows the first line of the message is a picture of the place.
    throw new SetupError(`${path} is not valid YAML: ${messageOf(error).split('\n', 1)[0]}`);
  }
  if (content === null) return {};
  if (typeof content !== 'object' || Array.isArray(content))
    throw new SetupError(`${path} must hold "name: value" lines.`);
  return content;
}

/** Better refused at the start than silently run on another database, or in another role, than the one meant. */
function refuseWhatIsNotOffered({ databaseUrl, role }: Flat): void {
  if (databaseUrl !== undefined) {
    throw new SetupError('WAYBILL_DATABASE_URL: this version keeps its data in its own data folder only. Unset it.');
  }
  if (role !== undefined && role !== 'all') {
    throw new SetupError(`WAYBILL_ROLE: must be "all" without a shared database, not ${JSON.stringify(role)}.`);
  }
}

function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.port);
  if (match === null || port > 65_535) {
    throw new SetupError(`WAYBILL_LISTEN: must be host:port such as 127.0.0.1:8080, not ${JSON.stringify(text)}.`);
  }
  return { host: match.groups?.v6 || match.groups?.host || '0.0.0.0', port };
}

function parseBaseUrl(text: string | undefined): string | null {
  if (text === undefined) return null;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new SetupError(`WAYBILL_BASE_URL: must be an http or https URL, not ${JSON.stringify(text)}.`);
  }
  return url.href.replace(/\/$/, '');
}

const LONGEST_ENVIRONMENT = 100;

function parseEnvironment(text: string): string {
  if (text.trim() !== '' && text.length <= LONGEST_ENVIRONMENT && !/\p{Cc}/u.test(text)) return text;
  throw new SetupError(
    `WAYBILL_ENVIRONMENT: must be 1 to ${LONGEST_ENVIRONMENT} characters on one line, such as production, not ${JSON.stringify(text)}.`,
  );
}

function parseNumber(flat: Flat, name: Name, bounds: { fallback: number; min: number; max: number }): number {
  const text = flat[name];
  if (text === undefined) return bounds.fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < bounds.min || value > bounds.max) {
    throw new SetupError(
      `${variableOf(name)}: must be a whole number from ${bounds.min} to ${bounds.max}, not ${JSON.stringify(text)}.`,
    );
  }
  return value;
}

function parseChoice<T extends string>(flat: Flat, name: Name, choices: readonly T[], fallback: T): T {
  const text = flat[name];
  if (text === undefined) return fallback;
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) {
    throw new SetupError(`${variableOf(name)}: must be ${choices.join(' or ')}, not ${JSON.stringify(text)}.`);
  }
  return choice;
}
