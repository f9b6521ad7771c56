import { type CommandOptions, createHandlers } from '../../src/app.commands.ts';
import { cancelDelivery, cancelOrphans, removeWebhook, retryDelivery } from '../../src/deliveries/deliveries.store.ts';
import {
  createDispatcher,
  createReplayLoop,
  createReplays,
  createRetention,
  testWebhook,
} from '../../src/deliveries/index.ts';
import type { ReplayRequest } from '../../src/deliveries/replays.ts';
import { parseEgressAllow, type Sender } from '../../src/egress/index.ts';
import type { GivenEvent } from '../../src/events/events.ts';
import { createEvents, createIndexing } from '../../src/events/index.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { createIds } from '../../src/kernel/ids.ts';
import type { JsonObject } from '../../src/kernel/json.ts';
import type { Random } from '../../src/kernel/random.ts';
import type { Sealer } from '../../src/kernel/sealing.ts';
import { createRecall, type Handler, type OnceRequest, type Store } from '../../src/store/index.ts';
import type { Connection } from '../../src/store/sqlite/driver.ts';
import {
  createDefaultSettings,
  createWebhooks,
  openDirectory,
  openInstance,
  type WebhookDirectory,
} from '../../src/webhooks/index.ts';
import type { GivenSettings, NewWebhookBody } from '../../src/webhooks/webhooks.schemas.ts';

/** What people and programs ask of a running server: the verbs behind its routes. */
export interface Api {
  /** `key`: an Idempotency-Key. */
  publish(events: GivenEvent[], key: string | null): Promise<{ id: string; deliveryCount: number }[]>;
  createWebhook(body: NewWebhookBody): Promise<unknown>;
  changeWebhook(id: string, patch: JsonObject): Promise<unknown>;
  pauseWebhook(id: string): Promise<unknown>;
  resumeWebhook(id: string): Promise<unknown>;
  deleteWebhook(id: string): Promise<unknown>;
  testWebhook(id: string): Promise<unknown>;
  retryDelivery(id: string): Promise<unknown>;
  cancelDelivery(id: string): Promise<unknown>;
  replaceDefaults(settings: GivenSettings): Promise<unknown>;
  createReplay(request: ReplayRequest): Promise<unknown>;
  cancelReplay(id: string): Promise<unknown>;
}

const refuse = () => Promise.reject(new Error('No webhook of the simulation has a template.'));
const NO_TEMPLATES = { render: refuse, renderTrial: refuse, inspect: refuse };

/** A mistake put into a process on purpose, to see whether it is found. Each member changes one seam. */
export interface Flaw {
  connection?(connection: Connection): Connection;
  handlers?(handlers: Handler[]): Handler[];
  store?(store: Store): Store;
  clock?(clock: Clock): Clock;
  directory?(directory: WebhookDirectory): WebhookDirectory;
  sender?<S extends Pick<Sender, 'send' | 'forget'>>(sender: S): S;
}

export interface LifeOptions extends CommandOptions {
  flaw: Flaw;
  clock: Clock;
  random: Random;
  sealer: Sealer;
  sender: Pick<Sender, 'send' | 'forget'>;
  retentionDays: number;
  openStore(handlers: Handler[]): Store;
  /** Called once requests are accepted: before what an earlier process left behind is taken over. */
  onListening(api: Api): void;
  onFault(error: unknown): void;
}

/** A run of the process: everything of `app.ts` but HTTP. */
export interface Life {
  /** As after SIGTERM; resolves when the process would end. */
  stop(callsAnswered: () => Promise<void>): Promise<void>;
}

/** Starts a process on the database, in the order in which `app.ts` does. Rejects when that cannot start. */
export async function startLife(options: LifeOptions): Promise<Life> {
  const { flaw, random, sealer, retentionDays, onFault } = options;
  const clock = flaw.clock?.(options.clock) ?? options.clock;
  const egress = flaw.sender?.(options.sender) ?? options.sender;
  const ids = createIds(random);
  const handlers = createHandlers(options, clock);
  const opened = options.openStore(flaw.handlers?.(handlers) ?? handlers);
  const store = flaw.store?.(opened) ?? opened;

  const instance = await openInstance(store, random, 'production');
  const inStep = await openDirectory(store, sealer);
  const directory = flaw.directory?.(inStep) ?? inStep;
  const events = createEvents({ store, clock, ids });
  const dispatcher = createDispatcher({
    store,
    directory,
    egress,
    templates: NO_TEMPLATES,
    contentAtHand: events.contentAtHand,
    clock,
    random,
    ids,
    instance: instance.facts,
    report: () => undefined,
    reportBreaker: () => undefined,
    onFault,
  });
  const retention = createRetention({ store, clock, retentionDays, onFault });
  const replayLoop = createReplayLoop({ store, clock, onFault });
  const indexing = createIndexing({ store, clock: seldom(clock), onFault });
  const replays = createReplays({ store, directory, clock, ids });
  const rules = () => parseEgressAllow('');
  const checked = { store, directory, sealer, rules, templates: NO_TEMPLATES, clock, instance: instance.facts };
  const webhooks = createWebhooks({ ...checked, ids, random });
  const defaults = createDefaultSettings(checked);
  const recall = createRecall(store);

  /** As the HTTP edge does it: an answer that is kept is looked for first. */
  async function onceOf(key: string): Promise<OnceRequest> {
    const once = { scope: 'client', key, fingerprint: key, now: clock.now() };
    return { ...once, kept: await recall(once), seal: JSON.stringify, open: JSON.parse };
  }

  async function deleteWebhook(id: string): Promise<void> {
    const { isMore } = await store.run(removeWebhook, { id, basis: null, now: clock.now() });
    for (let left = isMore; left; ) left = (await store.run(cancelOrphans, { webhookId: id, now: clock.now() })).isMore;
  }

  options.onListening({
    publish: async (given, key) => events.publish(given, (i) => `/${i}`, key === null ? null : await onceOf(key)),
    createWebhook: (body) => webhooks.create(body, null),
    changeWebhook: (id, patch) => webhooks.change(id, patch, matchAnything),
    pauseWebhook: (id) => webhooks.pause(id, 'manual', matchAnything, null),
    resumeWebhook: (id) => webhooks.pause(id, null, matchAnything, null),
    deleteWebhook,
    testWebhook: (id) =>
      testWebhook(
        { store, directory, egress, templates: NO_TEMPLATES, clock, ids, instance: instance.facts },
        id,
        null,
        null,
      ),
    retryDelivery: (id) => store.run(retryDelivery, { id, now: clock.now() }),
    cancelDelivery: (id) => store.run(cancelDelivery, { id, now: clock.now() }),
    replaceDefaults: (settings) => defaults.replace(settings, matchAnything),
    createReplay: (request) => replays.create(request, null),
    cancelReplay: (id) => replays.cancel(id, null),
  });
  await dispatcher.start();
  await replayLoop.start();
  retention.start();
  indexing.start();

  return {
    async stop(callsAnswered) {
      retention.stop();
      indexing.stop();
      await Promise.all([callsAnswered(), replayLoop.stop(), dispatcher.stop()]);
      await store.close();
    },
  };
}

const SELDOM_MS = 5_000;

/** A clock whose timers take their time: hours of looking whether there is something to index would be nothing else. */
function seldom(clock: Clock): Clock {
  return { ...clock, after: (delayMs, run) => clock.after(Math.max(delayMs, SELDOM_MS), run) };
}

/** There is no If-Match here. */
function matchAnything(): void {}
