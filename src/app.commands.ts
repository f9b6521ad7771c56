import { backlogHandlers } from './deliveries/backlog.store.ts';
import { completeDelivery, createChange, DELIVERY_TOPIC } from './deliveries/changes.store.ts';
import { createDeliveryWrites } from './deliveries/deliveries.store.ts';
import { createErrorTexts } from './deliveries/error-texts.store.ts';
import { ledgerHandlers } from './deliveries/ledger.store.ts';
import { deliveryLogHandlers } from './deliveries/log.store.ts';
import { replaySelectionHandlers } from './deliveries/replay-selection.store.ts';
import { createReplayBook, replayHandlers } from './deliveries/replays.store.ts';
import { retentionHandlers } from './deliveries/retention.store.ts';
import { createPublish, deleteEvents, eventHandlers, type Publish } from './events/events.store.ts';
import { scopeKeys } from './events/scope-keys.ts';
import { createEventSearch, createSearchIndex } from './events/search.store.ts';
import { createFeedWrites } from './feed/feed.store.ts';
import { keptAnswerPlace } from './http/once.ts';
import { apiKeyHandlers } from './identity/api-keys.store.ts';
import { sessionHandlers } from './identity/sessions.store.ts';
import { userHandlers } from './identity/users.store.ts';
import { inboxHandlers } from './inbox/inboxes.store.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { keptAnswers } from './sealing/kept-answers.store.ts';
import { sealingHandlers } from './sealing/sealed.store.ts';
import { createCounting } from './statistics/counting.store.ts';
import { statisticsHandlers } from './statistics/statistics.store.ts';
import type { Handler, Tx } from './store/command.ts';
import { healthHandlers } from './store/health.store.ts';
import { onceHandlers } from './store/once.store.ts';
import { spaceHandlers } from './store/space.store.ts';
import { templateHandlers } from './templates/templates.store.ts';
import { certificateHandlers } from './webhooks/certificates.store.ts';
import { instanceHandlers } from './webhooks/instance.store.ts';
import { matchWebhooks, wantsType } from './webhooks/matching.ts';
import { createWebhookNews } from './webhooks/news.ts';
import { defaultSecrets, webhookSecrets, webhookSecretsIn } from './webhooks/sealed.store.ts';
import { createWebhookBook, pauseAndTell, webhookHandlers } from './webhooks/webhooks.store.ts';
import { createSlots } from './work/slots.ts';

/** Plain data from the settings that commands need. */
export interface CommandOptions {
  /** Names this run of the process. */
  bootId: string;
  maxInFlight: number;
}

/**
 * Every command and query, wired together: the part of the composition root that runs where the database is. Publishing
 * an event fans it out to webhooks here, so that the modules that publish need not know that webhooks exist.
 */
export function createHandlers({ bootId, maxInFlight }: CommandOptions, clock: Clock = systemClock): Handler[] {
  const webhooks = createWebhookBook();
  const publish: Publish = createPublish(async (tx, event, sequence) =>
    deliveries.owe(
      tx,
      { ...event, sequence },
      matchWebhooks(await webhooks.rules(tx), { type: event.type, ...event.keys }),
    ),
  );
  const news = createWebhookNews(publish, webhooks);
  const replays = createReplayBook();
  const feed = createFeedWrites({ [DELIVERY_TOPIC]: completeDelivery });
  const change = createChange(feed);
  const search = createEventSearch();
  const searchIndex = createSearchIndex(clock);
  const errorTexts = createErrorTexts();
  const counting = createCounting(clock);
  const deliveries = createDeliveryWrites({
    webhooks,
    errorTexts,
    change,
    slots: createSlots(maxInFlight),
    bootId,
    publish,
    tellRecovered: news.recovered,
    pauseGone: (tx: Tx, id: string, now: number) => pauseAndTell(tx, webhooks, news, { id, reason: 'gone', now }),
    onEnded: replays.complete,
    onCancelled: counting.cancelled,
  });
  return [
    ...apiKeyHandlers(),
    ...userHandlers(),
    ...sessionHandlers(),
    ...eventHandlers(publish, search),
    ...searchIndex.handlers,
    ...instanceHandlers(),
    ...sealingHandlers([webhookSecrets(webhooks), defaultSecrets(), keptAnswers(keptAnswerPlace, [webhookSecretsIn])]),
    ...webhookHandlers(webhooks, news),
    ...certificateHandlers(publish),
    ...deliveries.handlers,
    ...deliveryLogHandlers(search),
    ...replaySelectionHandlers({ matchWebhooks, wantsType, scopeKeys }),
    ...replayHandlers({ book: replays, webhooks, queue: deliveries.queue, change }),
    ...ledgerHandlers(),
    ...backlogHandlers(),
    ...feed.handlers,
    ...retentionHandlers({
      errorTexts,
      async deleteEvents(tx, sequences) {
        await searchIndex.forget(tx, sequences);
        await deleteEvents(tx, sequences);
      },
      onAttemptsDeleted: counting.pruned,
      monotonicMs: clock.monotonicMs,
    }),
    ...spaceHandlers(),
    ...healthHandlers(),
    ...onceHandlers(),
    ...templateHandlers(),
    ...counting.handlers,
    ...statisticsHandlers(),
    ...inboxHandlers(),
  ];
}
