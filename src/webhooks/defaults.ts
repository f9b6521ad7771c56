import type { OwnConfig, WebhookConfig } from './webhook.ts';

/** What a webhook gets that sets nothing but its URL. The retry plan is the example of Standard Webhooks 1.0.0. */
export const BUILT_IN_DEFAULTS: Omit<WebhookConfig<string>, 'url'> = {
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
  limits: { maxConcurrency: 16 },
  signing: { scheme: 'standard' },
  allowInsecureHttp: false,
};

/** Jitter where a retry policy names none. */
export const DEFAULT_JITTER = 0.1;

/** Every setting a webhook can inherit, in the order in which they are shown. */
const INHERITABLE = ['url', ...Object.keys(BUILT_IN_DEFAULTS)] as readonly (keyof WebhookConfig<string>)[];

/** The settings in force: the webhook's own, and the default for each it does not set. Members missing in `limits` come from the defaults. */
export function effectiveConfig(own: OwnConfig): WebhookConfig<string> {
  const limits = { ...BUILT_IN_DEFAULTS.limits, ...own.limits };
  return { ...BUILT_IN_DEFAULTS, url: '', ...own, limits };
}

/** The names of the settings that a webhook does not set itself. */
export function inheritedNames(own: OwnConfig): string[] {
  return INHERITABLE.filter((name) => own[name] === undefined);
}
