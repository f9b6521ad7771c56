import type { SettingsRecord } from './settings.store.ts';
import type { DefaultConfig, OwnConfig, WebhookConfig } from './webhook.ts';

/** What a webhook gets that sets nothing, while nobody has set other defaults. The retry plan is the example of Standard Webhooks 1.0.0. */
export const BUILT_IN_DEFAULTS: DefaultConfig = {
  url: null,
  enabled: true,
  method: 'POST',
  contentType: 'application/json',
  auth: { type: 'none' },
  headers: {},
  eventTypes: [],
  scope: { transferIds: [], scheduleIds: [], stationIds: [], partnerIds: [] },
  routing: 'always',
  payload: { format: 'default' },
  retry: {
    strategy: 'delays',
    delaysMs: [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000],
    jitter: 0.1,
  },
  timeoutMs: 15_000,
  limits: { maxConcurrency: 16, ratePerSecond: null },
  signing: { scheme: 'standard' },
  tls: { caPem: null, pinnedSha256: null, clientCertPem: null, clientKeyPem: null, insecureSkipVerify: false },
  allowInsecureHttp: false,
};

/** Jitter where a retry policy names none. */
export const DEFAULT_JITTER = 0.1;

/** Every setting a webhook can inherit, in the order in which they are shown. */
export const INHERITABLE = Object.keys(BUILT_IN_DEFAULTS) as readonly (keyof WebhookConfig<string>)[];

/** The defaults as people have set them: sparse, secrets sealed. */
export type DefaultsRecord = SettingsRecord<OwnConfig>;

/** What webhooks inherit. */
export interface Defaults {
  /** Counts changes; 0 while the built-in ones hold. */
  version: number;
  config: DefaultConfig;
}

/** What webhooks inherit: what people have set, and the built-in value of everything else. Pure. */
export function defaultsOf({ version, value }: DefaultsRecord): Defaults {
  const limits = { ...BUILT_IN_DEFAULTS.limits, ...value.limits };
  const tls = { ...BUILT_IN_DEFAULTS.tls, ...value.tls };
  return { version, config: { ...BUILT_IN_DEFAULTS, ...value, limits, tls } };
}

/**
 * The settings in force: the webhook's own, and the default for each it does not set. Members missing in its `limits`
 * come from the defaults, as do those in `tls`, a relative URL is resolved against the default one. Without any URL it is empty. Pure.
 */
export function effectiveConfig(own: OwnConfig, defaults: DefaultConfig): WebhookConfig<string> {
  const url = effectiveUrl(own.url, defaults.url) ?? '';
  const limits = { ...defaults.limits, ...own.limits };
  return { ...defaults, ...own, url, limits, tls: { ...defaults.tls, ...own.tls } };
}

function effectiveUrl(own: string | undefined, base: string | null): string | null {
  if (own === undefined) return base;
  if (!isRelativeUrl(own)) return own;
  return base === null ? null : (URL.parse(own, base)?.href ?? null);
}

/** Whether a URL means something only together with another one (RFC 3986 §4.2). Pure. */
export function isRelativeUrl(url: string): boolean {
  return !URL.canParse(url);
}

/** The names of the settings that a webhook does not set itself. */
export function inheritedNames(own: OwnConfig): string[] {
  return INHERITABLE.filter((name) => own[name] === undefined);
}
