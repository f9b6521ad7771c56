import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createMetrics } from './app.metrics.ts';
import { processRoutes } from './app.routes.ts';
import { type Threads, threadModule } from './app.threads.ts';
import type { Secrets, Settings } from './config/index.ts';
import {
  cancelOrphans,
  connectionTestRoutes,
  createDispatcher,
  createReplayLoop,
  createReplays,
  createRetention,
  DELIVERY_STATES,
  DELIVERY_TOPIC,
  type DeliveryRow,
  DeliverySchema,
  deliveriesOfEvent,
  deliveryRoutes,
  exportRoutes,
  ledgerRoutes,
  presentDelivery,
  removeWebhook,
  replayRoutes,
  testUnsavedWebhook,
  testWebhook,
} from './deliveries/index.ts';
import { parseEgressAllow, parseProxy, withOwnInboxes } from './egress/index.ts';
import { catalogueRoutes, createEvents, createIndexing, eventRoutes } from './events/index.ts';
import { createFeed, streamRoutes } from './feed/index.ts';
import { addDocs, createServer } from './http/index.ts';
import {
  apiKeyRoutes,
  createAuthenticator,
  createPasswordHashes,
  createSetup,
  createSignIn,
  listApiKeys,
  pruneSessions,
  sessionRoutes,
  signInRoutes,
  userRoutes,
} from './identity/index.ts';
import { inboxRoots, inboxRoutes, openInboxes, receiverExampleRoutes, receivingRoutes } from './inbox/index.ts';
import { systemClock } from './kernel/clock.ts';
import { SetupError } from './kernel/errors.ts';
import { createIds } from './kernel/ids.ts';
import { systemRandom } from './kernel/random.ts';
import { version } from './kernel/version.ts';
import { createRotations, openKeyring, sealingRoutes } from './sealing/index.ts';
import { createFiguresPruning, createKeepingCount, healthRoutes, statisticsRoutes } from './statistics/index.ts';
import { createRecall, STORE_TROUBLE } from './store/index.ts';
import { createSystemLog, type Log, logRoutes } from './system-log/index.ts';
import { createTemplateRenderer, templateRoutes } from './templates/index.ts';
import { openBuild, webRoutes } from './web/index.ts';
import {
  type Basis,
  certificateRoutes,
  createDefaultSettings,
  createExpiryWatch,
  createWebhooks,
  keySetRoutes,
  openDirectory,
  openInstance,
  settingsRoutes,
  unmatchedWebhooks,
  type Webhook,
  watchInsecure,
  webhookRoutes,
} from './webhooks/index.ts';

/** A server that accepts requests and sends deliveries. */
export interface App {
  /** Where it listens, with the real port: `http://127.0.0.1:8080`. */
  url: string;
  log: Log;
  /** Takes nothing new, lets what is under way finish, and closes the store. */
  stop(): Promise<void>;
}

export interface AppOptions {
  settings: Settings;
  secrets: Secrets;
  threads: Threads;
}

/** Where `tools/build-web.ts` leaves the pages. */
const WEB_FOLDER = fileURLToPath(new URL('../web/dist', import.meta.url));

/**
 * Builds every module, introduces them to each other, and starts them. Throws a `SetupError` when the settings or the
 * data folder do not allow it; the store is then still open.
 */
export async function startApp({ settings, secrets, threads }: AppOptions): Promise<App> {
  const clock = systemClock;
  const random = systemRandom;
  const ids = createIds(random);
  /** Where the built-in receivers are. Where the server listens is known only once it does. */
  let ownInboxes: readonly string[] = [];
  let rules = parseEgressAllow(settings.egressAllow);

  // Only now the folder is known to be ours.
  const store = await threads.store;
  const systemLog = createSystemLog({ format: settings.logFormat, dataDir: settings.dataDir, clock });
  const { log } = systemLog;
  const onFault = (error: unknown) => log.error({ err: error }, 'fault');
  store.subscribe<string | null>(STORE_TROUBLE, (cause) => {
    if (cause === null) log.info('the disk takes writes again');
    else log.error({ cause }, 'the disk takes no writes: publishers get 503 until it does');
  });
  const proxy = parseProxy(secrets.httpProxy, settings.noProxy);
  if (proxy !== null) {
    log.warn(
      { proxy: proxy.name },
      'requests go through a proxy: it resolves names and dials, so addresses behind names are not judged',
    );
  }
  const { keyFile } = settings;
  const keyring = await openKeyring({ store, keyFile, mayMake: !threads.isSealed, random });
  if (keyring.keyIds.length > 1) {
    log.warn(
      `a rotation of the master key was broken off; finish it with: waybill keys rotate --data-dir ${settings.dataDir}`,
    );
  }
  const instance = await openInstance(store, random, settings.environment);
  const directory = await openDirectory(store, keyring);
  const egress = threads.sender;
  const templates = createTemplateRenderer({ threadModule, clock });
  const bootstrapKey = secrets.apiKey;
  const authenticator = createAuthenticator({ store, clock, bootstrapKey, onFault });
  const setup = createSetup({ store, random, bootstrapKey });
  const hashes = createPasswordHashes(random);
  const signIn = createSignIn({
    ...{ store, clock, ids, random, setup, hashes, authenticator },
    report({ isSignedIn, ...who }) {
      if (isSignedIn) log.info(who, 'somebody signed in');
      else log.warn(who, 'somebody gave a wrong password');
    },
  });

  const events = createEvents({ store, clock, ids });
  const dispatcher = createDispatcher({
    store,
    directory,
    egress,
    templates,
    contentAtHand: events.contentAtHand,
    clock,
    random,
    ids,
    instance: instance.facts,
    report(attempt) {
      metrics.attempted(attempt);
      systemLog.note(attempt, 'delivery.attempted');
    },
    reportBreaker({ webhookId, isOpen }) {
      if (isOpen) log.warn({ webhookId }, 'the receiver fails again and again: what it is owed waits until it is back');
      else log.info({ webhookId }, 'the receiver is back: what it is owed goes out');
    },
    onFault,
  });
  const insecure = watchInsecure(directory, (facts, message) => log.warn(facts, message));
  const metrics = createMetrics({
    store,
    underway: () => dispatcher.underway,
    openBreakers: () => directory.list().filter(({ record }) => record.breaker !== null).length,
    insecure,
  });
  const { retentionDays, baseUrl } = settings;
  const pruneSteps = [
    (now: number) => store.run(pruneSessions, { now }),
    createFiguresPruning({ store, retentionDays }),
  ];
  const retention = createRetention({ store, clock, retentionDays, pruneSteps, onFault });
  const replayLoop = createReplayLoop({ store, clock, onFault });
  const feed = createFeed({
    store,
    clock,
    present: { [DELIVERY_TOPIC]: (row: DeliveryRow) => presentDelivery(row, directory, clock.now()) },
    onFault,
  });
  const indexing = createIndexing({ store, clock, onFault });
  const counting = createKeepingCount({ store, clock, onFault });
  const expiryWatch = createExpiryWatch({
    store,
    directory,
    clock,
    onWarning: (certificate) => log.warn({ certificate }, 'a certificate expires soon'),
    onFault,
  });
  egress.onCertificate(expiryWatch.saw);
  const checked = { store, directory, sealer: keyring, rules: () => rules, templates, clock, instance: instance.facts };
  const webhooks = createWebhooks({ ...checked, ids, random });
  const defaults = createDefaultSettings(checked);
  const inboxes = await openInboxes({ store, directory, clock, ids, roots: () => ownInboxes });

  /** The first delivery of a template should not have to wait until a thread has been started for it. */
  function warmTemplates(): void {
    const warmFor = (webhook: Webhook | null) => {
      if (webhook?.config.payload.format === 'template') templates.warm();
    };
    directory.list().forEach(warmFor);
    directory.onChange((id) => warmFor(directory.get(id)));
  }

  async function remove(id: string, basis: Basis | null): Promise<boolean> {
    const { isFound, isMore } = await store.run(removeWebhook, { id, basis, now: clock.now() });
    for (let left = isMore; left; ) left = (await store.run(cancelOrphans, { webhookId: id, now: clock.now() })).isMore;
    return isFound;
  }

  const rotate = createRotations({
    store,
    keyring,
    keyFile,
    random,
    onRotated: (rotated) => log.info(rotated, 'the master key was rotated'),
  });

  const api = createServer({
    clock,
    authenticate: authenticator.authenticate,
    publicOrigin: baseUrl === null ? null : new URL(baseUrl).origin,
    onFault: (error, request) => log.error({ err: error, ...request }, 'request failed'),
    sealer: keyring,
    recall: createRecall(store),
  });
  await addDocs(api, version);
  const { dataDir, metricsPublic, environment } = settings;
  processRoutes(api, { store, dataDir, clock, metrics, metricsPublic, environment });
  apiKeyRoutes(api, { store, clock, ids, random, authenticator });
  signInRoutes(api, { store, authenticator, setup, signIn, hashes, isSecure: baseUrl?.startsWith('https:') ?? false });
  sessionRoutes(api, { store, clock, authenticator });
  userRoutes(api, { store, clock, ids, hashes, authenticator });
  sealingRoutes(api, { rotate });
  catalogueRoutes(api);
  eventRoutes(api, {
    events,
    store,
    async audienceOf({ id, type, createdAt, keys }) {
      const rows = await store.read(deliveriesOfEvent, { eventId: id });
      const matched = new Set<string>(rows.map((row) => row.webhookId));
      return {
        deliveries: rows.map((row) => presentDelivery(row, directory, clock.now())),
        unmatched: unmatchedWebhooks(
          { type, createdAt, ...keys },
          { webhooks: directory.list(), deleted: await directory.deletedBy(createdAt), matched },
        ),
      };
    },
    DeliverySchema,
  });
  healthRoutes(api, { store, directory, clock });
  statisticsRoutes(api, { store, directory, clock });
  certificateRoutes(api, { expiryWatch, clock });
  webhookRoutes(api, { webhooks, directory, clock, remove });
  templateRoutes(api, { store, templates, clock, instance: instance.facts });
  keySetRoutes(api, { directory, clock });
  settingsRoutes(api, { directory, defaults, instance });
  deliveryRoutes(api, { store, clock, directory });
  const testing = { store, directory, egress, templates, clock, ids, instance: instance.facts };
  connectionTestRoutes(api, {
    directory,
    testSaved: (webhookId, eventType, once) => testWebhook(testing, webhookId, eventType, once),
    testUnsaved(body, { webhookId, actor, eventType }, once) {
      const draft = () => webhooks.draft(body, { of: webhookId, mayTrustAnyUrl: actor.role === 'admin' });
      return testUnsavedWebhook(testing, draft, eventType, once);
    },
  });
  replayRoutes(api, { replays: createReplays({ store, directory, clock, ids }), store });
  exportRoutes(api, { store, clock, directory });

  logRoutes(api, systemLog);
  ledgerRoutes(api, { store, directory });
  inboxRoutes(api, { inboxes });
  receiverExampleRoutes(api);
  await receivingRoutes(api, { inboxes, clock });
  streamRoutes(api, {
    feed,
    clock,
    authenticate: authenticator.authenticate,
    states: DELIVERY_STATES,
  });

  const build = openBuild(WEB_FOLDER);
  webRoutes(api, { build, random });

  const { host, port } = settings.listen;
  try {
    await api.listen({ host, port });
  } catch (error) {
    throw new SetupError(`Waybill cannot listen on ${host}:${port}: ${(error as Error).message}`, { cause: error });
  }
  const url = urlOf(api.server.address() as AddressInfo);
  ownInboxes = inboxRoots({ baseUrl, listening: url });
  rules = withOwnInboxes(rules, ownInboxes);
  egress.exempt(ownInboxes);
  try {
    await dispatcher.start();
    await replayLoop.start();
  } catch (error) {
    await api.close();
    throw error;
  }
  warmTemplates();
  retention.start();
  feed.start();
  indexing.start();
  counting.start();
  expiryWatch.start();
  if (!build.isThere()) log.warn('the pages have not been built; `npm ci` in the folder of Waybill builds them');
  if (secrets.apiKey === null && (await store.read(listApiKeys, { limit: 1, before: null })).length === 0) {
    log.warn(
      `there is no API key yet; make one with: waybill api-key create --name admin --role admin --data-dir ${settings.dataDir}`,
    );
  }

  const token = await setup.tokenToShow();
  if (token !== null) {
    systemLog.announce(
      `there is no administrator yet; create one at ${baseUrl ?? url}/welcome?token=${token} (this link is good until the server stops)`,
    );
  }

  return {
    url,
    log,
    async stop() {
      retention.stop();
      indexing.stop();
      counting.stop();
      expiryWatch.stop();
      await Promise.all([api.close(), replayLoop.stop(), dispatcher.stop()]);
      await Promise.all([store.close(), egress.end(), templates.end()]);
      await systemLog.end();
    },
  };
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
