import type { EgressRules } from '../egress/index.ts';
import { type AssertMatch, createCheck } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { notFound, unacceptable } from '../kernel/errors.ts';
import type { Ids, WebhookId } from '../kernel/ids.ts';
import { isJsonObject, type Json, type JsonObject, ownMember } from '../kernel/json.ts';
import type { Random } from '../kernel/random.ts';
import type { Sealer } from '../kernel/sealing.ts';
import { type OnceRequest, onlyOnce, type Store } from '../store/index.ts';
import { checkWebhook } from './checks.ts';
import { defaultsOf, effectiveConfig } from './defaults.ts';
import { viewOf, type Webhook, type WebhookDirectory, type WebhookView } from './directory.ts';
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
import { untilCurrent } from './until-current.ts';
import type { Auth, OwnConfig, PauseReason } from './webhook.ts';
import { type GivenSettings, MergedWebhook, type NewWebhookBody, type SecretRotationBody } from './webhooks.schemas.ts';
import { type Basis, changeWebhook, createWebhook, pauseWebhook, rotateSecret } from './webhooks.store.ts';

export interface Webhooks {
  /** Creates a webhook. The secret comes back in plain text, this once. */
  create(body: NewWebhookBody, once: OnceRequest | null): Promise<{ webhook: WebhookView; signingSecret: string }>;
  /**
   * Applies a merge patch. Refuses what would not be accepted on creation. `assertMatch` is asked of the very webhook
   * that the patch is applied to.
   */
  change(id: string, patch: JsonObject, assertMatch: AssertMatch): Promise<Webhook>;
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

interface Dependencies {
  store: Store;
  directory: WebhookDirectory;
  sealer: Sealer;
  clock: Clock;
  ids: Ids;
  random: Random;
  rules: EgressRules;
}

const DEFAULT_OVERLAP_MS = 24 * 60 * 60 * 1000;

const checkMerged = createCheck(MergedWebhook, 'body');

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
   * to stay is that of `kept`.
   */
  function toOwnConfig(given: GivenSettings, id: WebhookId, kept: Auth<string> | null): OwnConfig {
    const { config, auth } = sparseSettings(given);
    const inForce = effectiveConfig(config, directory.defaults().config);
    checkWebhook({ ...inForce, auth: auth ?? inForce.auth }, config, rules);
    return auth === null ? config : { ...config, auth: sealAuth(auth, kept, id, sealer) };
  }

  function givenOrMade(given: string | null | undefined): string {
    if (given == null) return makeSigningSecret(random);
    checkSigningSecret(given);
    return given;
  }

  return {
    create({ name, signingSecret: given, ...settings }, once) {
      return untilCurrent(async () => {
        const { value, aside } = await onlyOnce(store, createWebhook, once, () => {
          const now = clock.now();
          const id = ids.make('wh', now);
          const secret = givenOrMade(given);
          const signingSecret = sealSigningSecret(secret, id, sealer);
          const config = toOwnConfig(settings, id, null);
          const input = { id, name, config, signingSecret, defaultsVersion: directory.defaults().version, now };
          return { input, aside: { signingSecret: secret } };
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
        const config = toOwnConfig(settings, current.record.id, current.config.auth);
        const changed = await store.run(changeWebhook, { id, name, config, basis, now: clock.now() });
        if (changed === null) throw notFound('webhook', id);
        return find(id);
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
  return withMembers(current, patch, (name, value) =>
    mergePatch(isOtherKind(name, ownMember(shown, name), value) ? {} : targetOf(name, own, shown), value),
  );
}

/** `limits` are inherited member by member, so only the webhook's own are merged with. */
function targetOf(name: string, own: JsonObject, shown: JsonObject): Json | undefined {
  return ownMember(name === 'limits' ? own : shown, name);
}

function isOtherKind(name: string, current: Json | undefined, value: Json): boolean {
  const discriminator = DISCRIMINATORS.get(name);
  if (discriminator === undefined || !isJsonObject(value) || !isJsonObject(current)) return false;
  const kind = value[discriminator];
  return kind !== undefined && kind !== current[discriminator];
}
