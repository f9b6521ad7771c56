import type { EgressRules } from '../egress/index.ts';
import { type AssertMatch, createCheck } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { notFound, unacceptable } from '../kernel/errors.ts';
import type { Ids, WebhookId } from '../kernel/ids.ts';
import { isJsonObject, type Json, type JsonObject, ownMember } from '../kernel/json.ts';
import type { Random } from '../kernel/random.ts';
import type { Sealer } from '../kernel/sealing.ts';
import { type OnceRequest, onlyOnce, type Store } from '../store/index.ts';
import type { UnknownVariable } from '../templates/index.ts';
import { checkWebhook } from './checks.ts';
import { defaultsOf, effectiveConfig } from './defaults.ts';
import { openWebhook, viewOf, type Webhook, type WebhookDirectory, type WebhookView } from './directory.ts';
import { mergePatch, withMembers } from './merge-patch.ts';
import {
  checkSigningSecret,
  makeSigningSecret,
  maskAuth,
  openSigningSecret,
  sealAuth,
  sealSigningSecret,
} from './secrets.ts';
import { signingKeyOf } from './signing-keys.ts';
import { sparseSettings } from './sparse-settings.ts';
import { checkTemplateInForce, type TemplateChecks } from './template-check.ts';
import { maskTls, openTls, plainTls, sealTls } from './tls.ts';
import { checkTls } from './tls-checks.ts';
import { untilCurrent } from './until-current.ts';
import type { DefaultConfig, OwnConfig, PauseReason, Tls } from './webhook.ts';
import { type GivenSettings, MergedWebhook, type NewWebhookBody, type SecretRotationBody } from './webhooks.schemas.ts';
import { type Basis, changeWebhook, createWebhook, DEFAULTS, pauseWebhook, rotateSecret } from './webhooks.store.ts';

/** Beside what was saved: names in its template that nothing has, or null where no template came into use. */
export interface Warned {
  warnings: UnknownVariable[] | null;
}

export interface Webhooks {
  /**
   * A webhook as it would be if it were created now, kept nowhere. Refuses what would not be accepted on creation, but for
   * an address that may not be dialled. Unless `mayTrustAnyUrl`, inherited credentials are refused (422) to a URL of
   * another origin than that of the default one: whoever may not read them could have them sent to himself. With `of` it
   * is that webhook as a change would leave it, with the secrets that stay; refuses (404) when there is none.
   */
  draft(body: NewWebhookBody, options: { of: string | null; mayTrustAnyUrl: boolean }): Promise<Webhook>;
  /** Creates a webhook. The secret comes back in plain text, this once. */
  create(
    body: NewWebhookBody,
    once: OnceRequest | null,
  ): Promise<{ webhook: WebhookView; signingSecret: string } & Warned>;
  /**
   * Applies a merge patch. Refuses what would not be accepted on creation. `assertMatch` is asked of the very webhook
   * that the patch is applied to.
   */
  change(id: string, patch: JsonObject, assertMatch: AssertMatch): Promise<{ webhook: Webhook } & Warned>;
  /**
   * Puts another signing secret in force, the one given or a new one, and returns it in plain text, this once. Until
   * `previousExpiresAt` (epoch milliseconds; null: from now on it does not) the one before it signs too. Refuses (422)
   * the one in force, and (409) to end a secret that somebody else has put in force at the same moment.
   */
  rotateSecret(
    id: string,
    rotation: SecretRotationBody,
    assertMatch: AssertMatch,
    once: OnceRequest | null,
  ): Promise<{ signingSecret: string; previousExpiresAt: number | null }>;
  /**
   * Pauses with a reason, or resumes with null. What is owed meanwhile is held, and sent after. Returns the webhook as it
   * was `at` that instant.
   */
  pause(
    id: string,
    reason: PauseReason | null,
    assertMatch: AssertMatch,
    once: OnceRequest | null,
  ): Promise<{ webhook: WebhookView; at: number }>;
}

interface Dependencies extends TemplateChecks {
  store: Store;
  directory: WebhookDirectory;
  sealer: Sealer;
  clock: Clock;
  ids: Ids;
  random: Random;
  /** Whom the server may send to; known whole once it listens. */
  rules: () => EgressRules;
}

const DEFAULT_OVERLAP_MS = 24 * 60 * 60 * 1000;

const checkMerged = createCheck(MergedWebhook, 'body');

/** Whose settings they are. */
interface Owner {
  id: WebhookId;
  name: string;
  /** The webhook as it is now, or null. */
  current: Webhook | null;
  guard?: EgressRules | null;
}

/** What people do with webhooks. */
export function createWebhooks(dependencies: Dependencies): Webhooks {
  const { store, directory, sealer, clock, ids, random, rules } = dependencies;

  function find(id: string): Webhook {
    const webhook = directory.get(id);
    if (webhook === null) throw notFound('webhook', id);
    return webhook;
  }

  /**
   * The settings as they will be kept: sparse, checked together with what they inherit, secrets sealed. A secret that is
   * to stay is that of `current`, where there is one. Without a guard, addresses are judged when they are dialled.
   */
  async function toOwnConfig(
    given: GivenSettings,
    { id, name, current, guard = rules() }: Owner,
  ): Promise<{ config: OwnConfig } & Warned> {
    const { config, auth, tls: givenTls } = sparseSettings(given);
    const inherited = directory.defaults().config;
    const kept = current?.config ?? null;
    const tls = givenTls === null ? undefined : plainTls(givenTls, kept?.tls ?? null);
    const inForce = effectiveConfig(tls === undefined ? config : { ...config, tls }, inherited);
    checkWebhook({ ...inForce, auth: auth ?? inForce.auth }, config, guard);
    const before = kept?.tls ?? openTls(inherited.tls, DEFAULTS, sealer);
    checkTls(openedTls(inForce.tls, tls), { now: clock.now(), before });
    const sealed = {
      ...config,
      ...(auth === null ? {} : { auth: sealAuth(auth, kept?.auth ?? null, id, sealer) }),
      ...(tls === undefined ? {} : { tls: sealTls(tls, id, sealer) }),
    };
    return { config: sealed, warnings: await checkTemplateInForce(inForce, { name, before: kept }, dependencies) };
  }

  /** The options in force; the client key is open already where it is the webhook's own. */
  function openedTls(inForce: Tls<string>, own: Partial<Tls<string>> | undefined): Tls<string> {
    return own?.clientKeyPem === undefined ? openTls(inForce, DEFAULTS, sealer) : inForce;
  }

  function givenOrMade(given: string | null | undefined): string {
    if (given == null) return makeSigningSecret(random);
    checkSigningSecret(given);
    return given;
  }

  return {
    async draft({ name, signingSecret: given, ...settings }, { of, mayTrustAnyUrl }) {
      const now = clock.now();
      const current = of === null ? null : find(of);
      const { record } = current ?? { record: { ...UNSAVED, id: ids.make('wh', now), createdAt: now } };
      const { id } = record;
      const { config } = await toOwnConfig(settings, { id, name, current, guard: null });
      const defaults = directory.defaults();
      if (!mayTrustAnyUrl) assertOwnCredentials(config, defaults.config);
      const secrets =
        given == null && current !== null
          ? current.record
          : { signingSecret: sealSigningSecret(givenOrMade(given), id, sealer), previousSecret: null };
      const { signingSecret, previousSecret } = secrets;
      return openWebhook({ ...record, name, config, signingSecret, previousSecret, updatedAt: now }, defaults, sealer);
    },

    create({ name, signingSecret: given, ...settings }, once) {
      return untilCurrent(async () => {
        const { value, aside } = await onlyOnce(store, createWebhook, once, async () => {
          const now = clock.now();
          const id = ids.make('wh', now);
          const secret = givenOrMade(given);
          const signingSecret = sealSigningSecret(secret, id, sealer);
          const { config, warnings } = await toOwnConfig(settings, { id, name, current: null });
          const input = { id, name, config, signingSecret, defaultsVersion: directory.defaults().version, now };
          return { input, aside: { signingSecret: secret, warnings } };
        });
        // As it was created, also for whoever asks again after it has been changed or deleted.
        return { webhook: viewOf(value.record, defaultsOf(value.defaults)), ...aside };
      });
    },

    change(id, { signingSecret, ...patch }, assertMatch) {
      return untilCurrent(async () => {
        const current = find(id);
        if (signingSecret !== undefined) checkKept(signingSecret);
        const basis = basisOf(current, directory);
        const merged = applyPatch(current, patch);
        const refusal = checkMerged(merged);
        if (refusal !== null) throw refusal;
        const { name, ...settings } = merged as MergedWebhook;
        assertMatch(current.tag);
        const own = { id: current.record.id, name, current };
        const { config, warnings } = await toOwnConfig(settings, own);
        const changed = await store.run(changeWebhook, { id, name, config, basis, now: clock.now() });
        if (changed === null) throw notFound('webhook', id);
        return { webhook: find(id), warnings };
      });
    },

    async rotateSecret(id, { overlapMs = DEFAULT_OVERLAP_MS, signingSecret: given }, assertMatch, once) {
      const { value, aside } = await onlyOnce(store, rotateSecret, once, () => {
        const { record, tag } = find(id);
        assertMatch(tag);
        const secret = givenOrMade(given);
        // Whoever asks twice would end the secret before it.
        if (isSameSecret(secret, openSigningSecret(record.signingSecret, record.id, sealer))) {
          throw unacceptable('/signingSecret', 'This secret is in force already: give another one.');
        }
        const now = clock.now();
        const input = {
          id,
          signingSecret: sealSigningSecret(secret, record.id, sealer),
          previousExpiresAt: overlapMs === 0 ? null : now + overlapMs,
          secretVersion: record.secretVersion,
          now,
        };
        return { input, aside: { signingSecret: secret } };
      });
      return { ...aside, ...value };
    },

    async pause(id, reason, assertMatch, once) {
      const { value } = await onlyOnce(store, pauseWebhook, once, () => {
        assertMatch(find(id).tag);
        return { input: { id, reason, now: clock.now() }, aside: null };
      });
      return { webhook: viewOf(value.record, defaultsOf(value.defaults)), at: value.at };
    },
  };
}

/** Whether two signing secrets are one, however their base64 is padded. */
function isSameSecret(a: string, b: string): boolean {
  return signingKeyOf('standard', a).equals(signingKeyOf('standard', b));
}

/** A change keeps the signing secret: the receiver has to be told of another one, and both must do for a while. */
function checkKept(signingSecret: Json): void {
  if (isJsonObject(signingSecret)) return;
  throw unacceptable('/signingSecret', 'Put another secret in force with POST /api/v1/webhooks/{id}/rotate-secret.');
}

/** What a record is that was never kept. */
const UNSAVED = {
  number: 0,
  previousSecret: null,
  secretVersion: 0,
  paused: false,
  pauseReason: null,
  holdUntil: null,
  breaker: null,
  version: 0,
  deletedAt: null,
} as const;

function assertOwnCredentials(own: OwnConfig, defaults: DefaultConfig): void {
  if (own.auth !== undefined || defaults.auth.type === 'none') return;
  const origin = URL.parse(effectiveConfig(own, defaults).url)?.origin;
  if (origin === URL.parse(defaults.url ?? '')?.origin) return;
  throw unacceptable('/auth', 'Inherited credentials are for the default URL: give `auth` here, or use an admin key.');
}

/** What the webhook is at this moment, for the store to refuse a change that was made from anything else. */
export function basisOf({ record }: Webhook, directory: WebhookDirectory): Basis {
  return { version: record.version, defaultsVersion: directory.defaults().version };
}

/** Members that choose a kind: a patch that names another kind replaces the whole object. */
const DISCRIMINATORS: ReadonlyMap<string, string> = new Map([
  ['auth', 'type'],
  ['payload', 'format'],
  ['retry', 'strategy'],
  ['signing', 'scheme'],
]);

/**
 * The webhook's own settings after a merge patch. The patch is merged with what a read shows, so that one member of an
 * inherited object can be changed; what it does not touch stays inherited.
 */
function applyPatch({ record, config }: Webhook, patch: JsonObject): JsonObject {
  const own = record.config as unknown as JsonObject;
  const shown = { ...config, auth: maskAuth(config.auth) } as unknown as JsonObject;
  const current: JsonObject = { name: record.name, ...own };
  if (own.auth !== undefined) current.auth = shown.auth as Json;
  if (record.config.tls !== undefined) current.tls = maskTls(record.config.tls) as JsonObject;
  return withMembers(current, patch, (name, value) =>
    mergePatch(isOtherKind(name, ownMember(shown, name), value) ? {} : targetOf(name, current, shown), value),
  );
}

/** What is inherited member by member: there only the webhook's own are merged with. */
const BY_MEMBER: readonly string[] = ['limits', 'tls'];

function targetOf(name: string, own: JsonObject, shown: JsonObject): Json | undefined {
  return ownMember(BY_MEMBER.includes(name) ? own : shown, name);
}

function isOtherKind(name: string, current: Json | undefined, value: Json): boolean {
  const discriminator = DISCRIMINATORS.get(name);
  if (discriminator === undefined || !isJsonObject(value) || !isJsonObject(current)) return false;
  const kind = value[discriminator];
  return kind !== undefined && kind !== current[discriminator];
}
