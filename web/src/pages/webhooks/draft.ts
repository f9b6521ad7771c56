import { Problem } from '../../api/problem.ts';
import { formatDuration, parseDuration, parseDurations } from './duration.ts';
import type { Retry } from './retry-plan.ts';

/** Every setting that a webhook can inherit, in the order in which they are shown. */
export const SETTINGS = [
  'enabled',
  'url',
  'method',
  'contentType',
  'headers',
  'auth',
  'signing',
  'eventTypes',
  'scope',
  'routing',
  'payload',
  'timeoutMs',
  'limits',
  'retry',
  'tls',
  'allowInsecureHttp',
] as const;
export type SettingName = (typeof SETTINGS)[number];

/** A secret: typed in, or the one that the server keeps. */
export type Secret = string | { set: true };

/** A number in a field that may be empty. */
type NumberText = number | string;

/** The settings of a webhook as the fields of a form hold them: each kind of a choice at once, and spans as text. */
export interface Draft {
  name: string;
  /** Which settings are set here; the others are inherited. */
  own: Record<SettingName, boolean>;
  enabled: boolean;
  url: string;
  method: string;
  contentType: string;
  headers: { name: string; value: string }[];
  auth: {
    type: 'none' | 'basic' | 'api_key' | 'bearer' | 'oauth2';
    username: string;
    password: Secret;
    name: string;
    value: Secret;
    in: string;
    token: Secret;
    tokenUrl: string;
    clientId: string;
    clientSecret: Secret;
    scope: string;
    clientAuth: string;
  };
  signing: { scheme: 'standard' | 'ed25519' | 'github' | 'gomft' | 'none'; headerName: string };
  eventTypes: string[];
  scope: Record<ScopeName, string[]>;
  routing: string;
  payload: {
    format: 'default' | 'standard' | 'cloudevents' | 'gomft' | 'template';
    identifiers: string;
    mode: string;
    template: string;
  };
  timeoutMs: string;
  limits: { maxConcurrency: NumberText; ratePerSecond: NumberText };
  retry: {
    strategy: Retry['strategy'];
    delaysMs: string;
    maxAttempts: NumberText;
    delayMs: string;
    initialDelayMs: string;
    factor: NumberText;
    maxDelayMs: string;
    /** In percent. */
    jitter: NumberText;
  };
  tls: {
    caPem: string;
    pinnedSha256: string;
    clientCertPem: string;
    clientKeyPem: Secret;
    insecureSkipVerify: boolean;
  };
  allowInsecureHttp: boolean;
  /** Of a new webhook; empty to have one made. */
  signingSecret: string;
}

export const SCOPES = ['stationIds', 'partnerIds', 'transferIds', 'scheduleIds'] as const;
export type ScopeName = (typeof SCOPES)[number];

/** The settings in force, as the API shows them of a webhook and of the defaults. */
export interface Settings {
  enabled: boolean;
  url: string | null;
  method: string;
  contentType: string;
  headers: Record<string, string>;
  auth: { type: string };
  signing: { scheme: Draft['signing']['scheme']; headerName?: string };
  eventTypes: string[];
  scope: Partial<Record<ScopeName, string[]>>;
  routing: string;
  payload: { format: Draft['payload']['format']; identifiers?: string; mode?: string; template?: string };
  timeoutMs: number;
  limits: { maxConcurrency: number; ratePerSecond: number | null };
  retry: Retry;
  tls: {
    caPem: string | null;
    pinnedSha256: string | null;
    clientCertPem: string | null;
    clientKeyPem: Secret | null;
    insecureSkipVerify: boolean;
  };
  allowInsecureHttp: boolean;
}

const EMPTY_AUTH: Draft['auth'] = {
  type: 'none',
  username: '',
  password: '',
  name: '',
  value: '',
  in: 'header',
  token: '',
  tokenUrl: '',
  clientId: '',
  clientSecret: '',
  scope: '',
  clientAuth: 'basic',
};

const EMPTY_RETRY: Draft['retry'] = {
  strategy: 'delays',
  delaysMs: '5 s, 5 min, 30 min, 2 h',
  maxAttempts: 5,
  delayMs: '1 min',
  initialDelayMs: '5 s',
  factor: 2,
  maxDelayMs: '1 h',
  jitter: 10,
};

const DEFAULT_JITTER = 0.1;

/** What a form begins with: `inherited` names the settings that are not set here. Pure. */
export function draftOf(name: string, settings: Settings, inherited: readonly string[]): Draft {
  const { url, headers, auth, signing, scope, payload, timeoutMs, limits, retry, tls, ...same } = settings;
  return {
    name,
    own: Object.fromEntries(SETTINGS.map((setting) => [setting, !inherited.includes(setting)])) as Draft['own'],
    enabled: same.enabled,
    method: same.method,
    contentType: same.contentType,
    eventTypes: same.eventTypes,
    routing: same.routing,
    allowInsecureHttp: same.allowInsecureHttp,
    url: url ?? '',
    headers: Object.entries(headers).map(([header, value]) => ({ name: header, value })),
    auth: { ...EMPTY_AUTH, ...(auth as Partial<Draft['auth']>) },
    signing: { scheme: signing.scheme, headerName: signing.headerName ?? '' },
    scope: Object.fromEntries(SCOPES.map((list) => [list, scope[list] ?? []])) as Draft['scope'],
    payload: { identifiers: 'both', mode: 'structured', template: '', ...payload },
    timeoutMs: formatDuration(timeoutMs),
    limits: { maxConcurrency: limits.maxConcurrency, ratePerSecond: limits.ratePerSecond ?? '' },
    retry: { ...EMPTY_RETRY, ...retryFields(retry) },
    tls: {
      caPem: tls.caPem ?? '',
      pinnedSha256: tls.pinnedSha256 ?? '',
      clientCertPem: tls.clientCertPem ?? '',
      clientKeyPem: tls.clientKeyPem ?? '',
      insecureSkipVerify: tls.insecureSkipVerify,
    },
    signingSecret: '',
  };
}

function retryFields(retry: Retry): Partial<Draft['retry']> {
  const { strategy } = retry;
  const jitter = Math.round((retry.jitter ?? DEFAULT_JITTER) * 10_000) / 100;
  if (strategy === 'delays') return { strategy, jitter, delaysMs: retry.delaysMs.map(formatDuration).join(', ') };
  const { maxAttempts } = retry;
  if (strategy === 'fixed') return { strategy, jitter, maxAttempts, delayMs: formatDuration(retry.delayMs) };
  const [initialDelayMs, maxDelayMs] = [formatDuration(retry.initialDelayMs), formatDuration(retry.maxDelayMs)];
  return { strategy, jitter, maxAttempts, factor: retry.factor, initialDelayMs, maxDelayMs };
}

/** The draft with a setting set here, beginning with what was inherited, or inherited again. Pure. */
export function withOwn(draft: Draft, setting: SettingName, isOwn: boolean, inherited: Draft): Draft {
  const value = isOwn ? withoutKeptSecrets(draft[setting]) : inherited[setting];
  return { ...draft, own: { ...draft.own, [setting]: isOwn }, [setting]: value };
}

/** Another webhook begins with the same settings and no secret: the server does not tell them. Pure. */
export function copyOf(draft: Draft, name: string): Draft {
  const { auth, tls } = draft;
  return { ...draft, name, auth: withoutKeptSecrets(auth), tls: withoutKeptSecrets(tls), signingSecret: '' };
}

function withoutKeptSecrets<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, isKept(member) ? '' : member])) as T;
}

/** Whether a secret is the one that the server keeps. */
export function isKept(value: unknown): value is { set: true } {
  return typeof value === 'object' && value !== null && 'set' in value;
}

/** Whether a list of event types lets all of them through. Pure. */
export function isEverything(eventTypes: readonly string[]): boolean {
  return eventTypes.length === 0 || eventTypes.includes('*');
}

/** A JSON object as it is sent. */
export type Body = Record<string, unknown>;

/**
 * The settings that are set here, as the API takes them. Throws `Problem` for spans of time that are none, with a
 * pointer as the API would give it; everything else is for the API to judge.
 */
export function settingsOf(draft: Draft, explain: (text: string) => string): Body {
  const faults: { pointer: string; detail: string }[] = [];

  function span(pointer: string, text: string): number {
    const ms = parseDuration(text);
    if (ms === null) faults.push({ pointer, detail: explain(text) });
    return ms ?? 0;
  }

  function spans(pointer: string, text: string): number[] {
    const all = parseDurations(text);
    if (all === null) faults.push({ pointer, detail: explain(text) });
    return all ?? [];
  }

  function retryBody({
    strategy,
    delaysMs,
    maxAttempts,
    delayMs,
    initialDelayMs,
    factor,
    maxDelayMs,
    jitter,
  }: Draft['retry']) {
    const shared = { strategy, jitter: Number(jitter) / 100 };
    if (strategy === 'delays') return { ...shared, delaysMs: spans('/retry/delaysMs', delaysMs) };
    if (strategy === 'fixed') return { ...shared, maxAttempts, delayMs: span('/retry/delayMs', delayMs) };
    return {
      ...shared,
      maxAttempts,
      factor,
      initialDelayMs: span('/retry/initialDelayMs', initialDelayMs),
      maxDelayMs: span('/retry/maxDelayMs', maxDelayMs),
    };
  }

  const writers: { [Name in SettingName]: (value: Draft[Name]) => unknown } = {
    enabled: same,
    url: same,
    method: same,
    contentType: same,
    headers: (rows) =>
      Object.fromEntries(rows.filter(({ name }) => name !== '').map(({ name, value }) => [name, value])),
    auth: authBody,
    signing: ({ scheme, headerName }) => ({
      scheme,
      ...(RENAMES_HEADER.has(scheme) && headerName !== '' ? { headerName } : {}),
    }),
    eventTypes: same,
    scope: same,
    routing: same,
    payload: payloadBody,
    timeoutMs: (text) => span('/timeoutMs', text),
    limits: ({ maxConcurrency, ratePerSecond }) => ({
      maxConcurrency,
      ratePerSecond: ratePerSecond === '' ? null : ratePerSecond,
    }),
    retry: retryBody,
    tls: ({ insecureSkipVerify, ...texts }) => ({
      ...Object.fromEntries(Object.entries(texts).map(([member, text]) => [member, text === '' ? null : text])),
      insecureSkipVerify,
    }),
    allowInsecureHttp: same,
  };

  const write = <Name extends SettingName>(name: Name): [Name, unknown] => [name, writers[name](draft[name])];
  const settings = Object.fromEntries(SETTINGS.filter((name) => draft.own[name]).map(write));
  if (faults.length > 0)
    throw new Problem(422, { code: 'validation_failed', detail: faults[0]?.detail ?? '', errors: faults });
  return settings;
}

/** What a plan comes to while it is being typed; null while it is not one yet. Pure. */
export function retryOf(draft: Draft['retry']): Retry | null {
  const numbers = [draft.maxAttempts, draft.factor].map(Number);
  const [maxAttempts = 0, factor = 1] = numbers;
  const { strategy } = draft;
  if (strategy === 'delays') {
    const delaysMs = parseDurations(draft.delaysMs);
    return delaysMs && { strategy, delaysMs };
  }
  const [delayMs, initialDelayMs, maxDelayMs] = [draft.delayMs, draft.initialDelayMs, draft.maxDelayMs].map(
    parseDuration,
  );
  if (strategy === 'fixed') return delayMs == null ? null : { strategy, maxAttempts, delayMs };
  if (initialDelayMs == null || maxDelayMs == null) return null;
  return { strategy, maxAttempts, initialDelayMs, factor, maxDelayMs };
}

const same = (value: unknown): unknown => value;

/** The schemes whose header can be called something else. */
export const RENAMES_HEADER: ReadonlySet<string> = new Set(['github', 'gomft']);

function authBody(auth: Draft['auth']): Body {
  const { type } = auth;
  if (type === 'basic') return { type, username: auth.username, password: auth.password };
  if (type === 'api_key') return { type, name: auth.name, value: auth.value, in: auth.in };
  if (type === 'bearer') return { type, token: auth.token };
  if (type === 'none') return { type };
  const { tokenUrl, clientId, clientSecret, scope, clientAuth } = auth;
  return { type, tokenUrl, clientId, clientSecret, ...(scope === '' ? {} : { scope }), clientAuth };
}

function payloadBody({ format, identifiers, mode, template }: Draft['payload']): Body {
  if (format === 'default') return identifiers === 'both' ? { format } : { format, identifiers };
  if (format === 'cloudevents') return { format, mode };
  return format === 'template' ? { format, template } : { format };
}

/** The members that say which kind an object is of: with another one it is replaced as a whole. */
const DISCRIMINATORS = ['type', 'format', 'strategy', 'scheme'];

/** The merge patch (RFC 7396) that makes one body of another. Pure. */
export function mergePatch(before: Body, after: Body): Body {
  const patch: Body = Object.fromEntries(
    Object.keys(before)
      .filter((name) => !(name in after))
      .map((name) => [name, null]),
  );
  for (const [name, value] of Object.entries(after)) {
    const old = before[name];
    if (JSON.stringify(old) === JSON.stringify(value)) continue;
    patch[name] = isObject(old) && isObject(value) && isSameKind(old, value) ? mergePatch(old, value) : value;
  }
  return patch;
}

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSameKind(old: Body, value: Body): boolean {
  return DISCRIMINATORS.every((member) => old[member] === value[member]);
}

/** A problem with its pointers into headers, which have their names as members, put at the rows of the form. Pure. */
export function atRows(error: unknown, { headers }: Draft): unknown {
  if (!(error instanceof Problem)) return error;
  const errors = error.errors.map(({ pointer, detail }) => {
    const row = headers.findIndex(({ name }) => pointer === `/headers/${escaped(name)}`);
    return { pointer: row < 0 ? pointer : `/headers/${row}/value`, detail };
  });
  return new Problem(error.status, { code: error.code, detail: error.message, errors });
}

/** A name as part of a JSON pointer (RFC 6901 §3). */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
