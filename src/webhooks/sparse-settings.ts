import { BUILT_IN_DEFAULTS, DEFAULT_JITTER } from './defaults.ts';
import type { GivenSecret } from './secrets.ts';
import type { Auth, OwnConfig, Tls } from './webhook.ts';
import type { GivenSettings } from './webhooks.schemas.ts';

/** Settings as they will be kept, but for `auth` and `tls`, whose secrets have yet to be sealed; null when none is given. */
export interface SparseSettings {
  config: Omit<OwnConfig, 'auth' | 'tls'>;
  auth: Auth<GivenSecret> | null;
  tls: Partial<Tls<GivenSecret>> | null;
}

/**
 * Settings as a body gives them, made sparse: null means inherited, which is kept as absent, and what an object may leave
 * out although the object itself is not inherited is filled in. Pure.
 */
export function sparseSettings(given: GivenSettings): SparseSettings {
  const { auth = null, tls = null, ...rest } = withoutNulls(given);
  const { retry, scope } = rest;
  const config = {
    ...rest,
    ...(retry === undefined ? {} : { retry: { ...retry, jitter: retry.jitter ?? DEFAULT_JITTER } }),
    ...(scope === undefined ? {} : { scope: { ...BUILT_IN_DEFAULTS.scope, ...scope } }),
  } as SparseSettings['config'];
  return { config, auth: auth as Auth<GivenSecret> | null, tls: tls as Partial<Tls<GivenSecret>> | null };
}

type Given = { [K in keyof GivenSettings]?: Exclude<GivenSettings[K], null> };

function withoutNulls(settings: GivenSettings): Given {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null)) as Given;
}
