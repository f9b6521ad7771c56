import type { EgressRules } from '../egress/index.ts';
import { type AssertMatch, entityTag } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Refusal, unacceptable } from '../kernel/errors.ts';
import type { Sealer } from '../kernel/sealing.ts';
import type { Store } from '../store/index.ts';
import { samplesOf, type UnknownVariable } from '../templates/index.ts';
import { checkDefaults, checkWebhook } from './checks.ts';
import { type Defaults, defaultsOf, effectiveConfig, INHERITABLE } from './defaults.ts';
import type { WebhookDirectory } from './directory.ts';
import { maskAuth, openAuth, sealAuth } from './secrets.ts';
import { sparseSettings } from './sparse-settings.ts';
import { checkTemplateInForce, isSameUse, type TemplateChecks, type TemplateSettings } from './template-check.ts';
import { maskTls, openTls, openTlsInForce, plainTls, sealTls } from './tls.ts';
import { checkTls } from './tls-checks.ts';
import { untilCurrent } from './until-current.ts';
import type { DefaultConfig, OwnConfig, Tls, WebhookRecord } from './webhook.ts';
import type { GivenSettings } from './webhooks.schemas.ts';
import { changeDefaults, DEFAULTS } from './webhooks.store.ts';
import type { Warned } from './webhooks.ts';

/** What all webhooks inherit, as people change it. */
export interface DefaultSettings {
  /**
   * Replaces them: what is left out goes back to its built-in value. They are in force for matching and sending when it
   * returns. Refuses (409 `in_use`) to take away the URL that webhooks stand on, and (422) what would make a webhook
   * invalid that is not.
   */
  replace(body: GivenSettings, assertMatch: AssertMatch): Promise<{ replaced: Defaults } & Warned>;
}

interface Dependencies extends TemplateChecks {
  store: Store;
  directory: WebhookDirectory;
  sealer: Sealer;
  /** Whom the server may send to; known whole once it listens. */
  rules: () => EgressRules;
  clock: Clock;
}

/** The entity tag of the defaults: the version stands for the secret, however it is sealed. Pure. */
export function defaultsTag({ version, config }: Defaults): string {
  return entityTag([DEFAULTS, version, { ...config, auth: maskAuth(config.auth), tls: maskTls(config.tls) }]);
}

export function createDefaultSettings(dependencies: Dependencies): DefaultSettings {
  const { store, directory, sealer, rules, clock } = dependencies;

  /** The settings as they will be kept: checked, sparse, secrets sealed. */
  function toKept(given: GivenSettings, before: Defaults): OwnConfig {
    const { config, auth, tls: givenTls } = sparseSettings(given);
    const kept = { auth: openAuth(before.config.auth, DEFAULTS, sealer), tls: openOf(before.config) };
    const tls = givenTls === null ? undefined : plainTls(givenTls, kept.tls);
    const inForce = defaultsOf({ version: 0, value: { ...config, ...(tls === undefined ? {} : { tls }) } }).config;
    checkDefaults({ ...inForce, auth: auth ?? inForce.auth }, rules());
    checkTls(inForce.tls, { now: clock.now(), before: kept.tls });
    return {
      ...config,
      ...(auth === null ? {} : { auth: sealAuth(auth, kept.auth, DEFAULTS, sealer) }),
      ...(tls === undefined ? {} : { tls: sealTls(tls, DEFAULTS, sealer) }),
    };
  }

  /** Refuses a webhook that would not be accepted with these defaults. */
  function checkWith({ id, config }: WebhookRecord, inherited: DefaultConfig): void {
    const inForce = effectiveConfig(config, inherited);
    checkWebhook(inForce, config, rules());
    const tls = openTlsInForce(inForce.tls, config.tls, id, sealer);
    checkTls(tls, { now: clock.now(), before: tls });
  }

  const openOf = ({ tls }: DefaultConfig): Tls<string> => openTls(tls, DEFAULTS, sealer);

  return {
    replace: (body, assertMatch) =>
      untilCurrent(async () => {
        const before = directory.defaults();
        assertMatch(defaultsTag(before));
        const value = toKept(body, before);
        const record = { version: before.version, value };
        const records = directory.list().map((webhook) => webhook.record);
        const change = { before: before.config, after: defaultsOf(record).config };
        assertAllHold(records, change, checkWith);
        const warnings = await checkTemplates(records, change, dependencies);
        const checkedWith = records.map(({ id, version }) => ({ id, version }));
        return { replaced: defaultsOf(await store.run(changeDefaults, { record, checkedWith })), warnings };
      }),
  };
}

/** Defaults that take the place of others. */
interface Change {
  before: DefaultConfig;
  after: DefaultConfig;
}

/**
 * Refuses (422 `template_invalid`) defaults whose template does not hold for what they subscribe to, or with which a
 * webhook would use a template in a way that does not. Returns the names in the defaults' own template that nothing has.
 */
async function checkTemplates(
  records: readonly WebhookRecord[],
  { before, after }: Change,
  checks: TemplateChecks,
): Promise<UnknownVariable[] | null> {
  const warnings = await checkTemplateInForce(after, { name: 'a webhook', before }, checks);
  const users = records.map((record) => ({ record, inForce: effectiveConfig(record.config, after) }));
  const changed = users.filter(({ record, inForce }) => {
    const isTemplate = inForce.payload.format === 'template';
    return isTemplate && !isSameUse(inForce, effectiveConfig(record.config, before));
  });
  // What a template makes of an event depends on nothing else: one trial does for all that share the two.
  const alike = Map.groupBy(changed, ({ inForce }) => JSON.stringify([inForce.payload, inForce.contentType]));
  for (const group of alike.values()) await checkForAll(group, checks);
  return warnings;
}

interface TemplateUser {
  record: WebhookRecord;
  inForce: TemplateSettings;
}

/** Tries the template that they share with what any of them subscribes to. Refuses in the name of one that it fails. */
async function checkForAll(users: readonly TemplateUser[], checks: TemplateChecks): Promise<void> {
  const [first] = users as [TemplateUser];
  const patterns = users.flatMap(({ inForce }) => (inForce.eventTypes.length === 0 ? ['*'] : inForce.eventTypes));
  const inForce = { ...first.inForce, eventTypes: [...new Set(patterns)] };
  try {
    await checkTemplateInForce(inForce, { name: first.record.name, before: null }, checks);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const [{ eventType = null } = {}] = error.errors as readonly { eventType?: string | null }[];
    const { record } = users.find((user) => eventType !== null && isSentTo(user.inForce, eventType)) ?? first;
    const { id, name, config } = record;
    const detail = `The webhook ${JSON.stringify(name)} (${id}) does not go with this: ${error.message}`;
    const errors = error.errors.map((field) => ({ ...field, pointer: templateCauseOf(config) }));
    throw new Refusal(error.code, detail, { errors });
  }
}

function isSentTo({ eventTypes }: TemplateSettings, eventType: string): boolean {
  return samplesOf(eventTypes).some(({ type }) => type === eventType);
}

/** The default that a webhook's template meets, or that is its template. */
function templateCauseOf(own: OwnConfig): string {
  if (own.payload === undefined) return '/payload/template';
  return own.contentType === undefined ? '/contentType' : '/eventTypes';
}

type CheckWith = (record: WebhookRecord, inherited: DefaultConfig) => void;

/** How many webhooks a refusal names; beyond that, a list helps nobody. */
const MOST_NAMED = 20;

/** Refuses defaults with which a webhook would not be accepted that is acceptable with those before. */
function assertAllHold(records: readonly WebhookRecord[], { before, after }: Change, check: CheckWith): void {
  const stranded = records.filter(({ config }) => hasUrl(config, before) && !hasUrl(config, after));
  if (stranded.length > 0) throw urlInUse(stranded);
  for (const record of records) {
    const fault = faultOf(() => check(record, after));
    if (fault === null || faultOf(() => check(record, before)) !== null) continue;
    const { id, name } = record;
    const detail = `The webhook ${JSON.stringify(name)} (${id}) does not go with this: ${fault.message}`;
    const holds = (inherited: DefaultConfig) => faultOf(() => check(record, inherited)) === null;
    throw unacceptable(causeOf(fault, { before, after }, holds), detail, fault.code);
  }
}

function hasUrl(own: OwnConfig, defaults: DefaultConfig): boolean {
  return effectiveConfig(own, defaults).url !== '';
}

function urlInUse(stranded: readonly WebhookRecord[]): Refusal {
  const named = stranded.slice(0, MOST_NAMED).map(({ id, name }) => `${JSON.stringify(name)} (${id})`);
  const more = stranded.length > MOST_NAMED ? ` and ${stranded.length - MOST_NAMED} more` : '';
  const detail = `Webhooks stand on the default URL and would have none: ${named.join(', ')}${more}. Give them their own first.`;
  return new Refusal('in_use', detail, { errors: [{ pointer: '/url', detail }] });
}

/** Why a check refuses, or null. */
function faultOf(check: () => void): Refusal | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** The default that does not go with what the webhook sets itself: as it was before, it would. */
function causeOf(fault: Refusal, { before, after }: Change, holds: (inherited: DefaultConfig) => boolean): string {
  const [pointer = ''] = fault.errors.map((error) => error.pointer);
  if (pointer.startsWith('/tls/')) return pointer;
  const cause = INHERITABLE.find((name) => holds({ ...after, [name]: before[name] }));
  return cause === undefined ? '' : `/${cause}`;
}
