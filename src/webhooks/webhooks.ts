import type { EgressRules } from '../egress/index.ts';
import { createCheck } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { notFound, Refusal } from '../kernel/errors.ts';
import type { Ids, WebhookId } from '../kernel/ids.ts';
import { isJsonObject, type Json, type JsonObject, ownMember } from '../kernel/json.ts';
import type { Random } from '../kernel/random.ts';
import type { Sealer } from '../kernel/sealing.ts';
import { type OnceRequest, onlyOnce, type Store } from '../store/index.ts';
import { checkConfig } from './checks.ts';
import { BUILT_IN_DEFAULTS, DEFAULT_JITTER, effectiveConfig } from './defaults.ts';
import { viewOf, type Webhook, type WebhookDirectory, type WebhookView } from './directory.ts';
import { mergePatch, withMembers } from './merge-patch.ts';
import { checkSigningSecret, type GivenSecret, makeSigningSecret, maskAuth, sealAuth, secretPlace } from './secrets.ts';
import type { Auth, OwnConfig, PauseReason, WebhookRecord } from './webhook.ts';
import { MergedWebhook, type NewWebhookBody } from './webhooks.schemas.ts';
import { changeWebhook, createWebhook, pauseWebhook } from './webhooks.store.ts';

export interface Webhooks {
  /** Creates a webhook. The secret comes back in plain text, this once. */
  create(body: NewWebhookBody, once: OnceRequest | null): Promise<{ webhook: WebhookView; signingSecret: string }>;
  /** Applies a merge patch. Refuses what would not be accepted on creation. */
  change(id: string, patch: JsonObject): Promise<Webhook>;
  /** Pauses with a reason, or resumes with null. What is owed meanwhile is held, and sent after. */
  pause(id: string, reason: PauseReason | null, once: OnceRequest | null): Promise<WebhookView>;
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

const checkMerged = createCheck(MergedWebhook, 'body');

/** What people do with webhooks. */
export function createWebhooks(dependencies: Dependencies): Webhooks {
  const { store, directory, sealer, clock, ids, random, rules } = dependencies;

  function inForce(record: WebhookRecord | null, id: string): Webhook {
    const webhook = record === null ? null : directory.get(record.id);
    if (webhook === null) throw notFound('webhook', id);
    return webhook;
  }

  /** The settings as they will be kept: checked, sparse, secrets sealed. */
  function toOwnConfig(given: MergedWebhook, id: WebhookId, previous: OwnConfig): OwnConfig {
    const { auth, ...rest } = withoutNulls(given);
    const config = withDefaultsInside(rest) as OwnConfig;
    if (auth === undefined) {
      checkConfig(config, rules);
      return config;
    }
    checkConfig({ ...config, auth: auth as Auth<GivenSecret> }, rules);
    return { ...config, auth: sealAuth(auth as Auth<GivenSecret>, previous.auth, id, sealer) };
  }

  return {
    async create({ name, signingSecret: given, ...settings }, once) {
      const { value, aside } = await onlyOnce(store, createWebhook, once, () => {
        const now = clock.now();
        const id = ids.make('wh', now);
        if (given !== undefined) checkSigningSecret(given);
        const secret = given ?? makeSigningSecret(random);
        const input = {
          id,
          name,
          config: toOwnConfig({ name, ...settings }, id, {}),
          signingSecret: sealer.seal(secret, secretPlace(id, 'signingSecret')),
          now,
        };
        return { input, aside: { signingSecret: secret } };
      });
      // As it was created, also for whoever asks again after it has been changed or deleted.
      return { webhook: viewOf(value), ...aside };
    },

    async change(id, { signingSecret: _kept, ...patch }) {
      const current = directory.get(id);
      if (current === null) throw notFound('webhook', id);
      const { record } = current;
      const merged = applyPatch(record, patch);
      const refusal = checkMerged(merged);
      if (refusal !== null) throw refusal;
      const { name } = merged as MergedWebhook;
      const config = toOwnConfig(merged as MergedWebhook, record.id, record.config);
      const changed = await store.run(changeWebhook, { id, name, config, version: record.version, now: clock.now() });
      if (changed === null) {
        if (directory.get(id) === null) throw notFound('webhook', id);
        throw new Refusal('conflict', 'Somebody else changed this webhook at the same moment. Read it and try again.');
      }
      return inForce(changed, id);
    },

    async pause(id, reason, once) {
      const prepare = () => ({ input: { id, reason, now: clock.now() }, aside: null });
      return viewOf((await onlyOnce(store, pauseWebhook, once, prepare)).value);
    },
  };
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
function applyPatch(record: WebhookRecord, patch: JsonObject): JsonObject {
  const own = record.config as unknown as JsonObject;
  const shown = {
    ...effectiveConfig(record.config),
    auth: maskAuth(effectiveConfig(record.config).auth),
  } as unknown as JsonObject;
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

type Settings = Omit<MergedWebhook, 'name'>;
type Given = { [K in keyof Settings]?: Exclude<Settings[K], null> };

/** Null means inherited, which is kept as absent. */
function withoutNulls({ name: _, ...settings }: MergedWebhook): Given {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null)) as Given;
}

/** Fills in the members that an object may leave out although the object itself is not inherited. */
function withDefaultsInside(settings: Omit<Given, 'auth'>): object {
  const { retry, scope } = settings;
  return {
    ...settings,
    ...(retry === undefined ? {} : { retry: { ...retry, jitter: retry.jitter ?? DEFAULT_JITTER } }),
    ...(scope === undefined ? {} : { scope: { ...BUILT_IN_DEFAULTS.scope, ...scope } }),
  };
}
