import type { Clock } from '../kernel/clock.ts';
import { type FieldError, Refusal, unacceptable } from '../kernel/errors.ts';
import { type EventId, type Ids, idTime, type ReplayId } from '../kernel/ids.ts';
import { type OnceRequest, onlyOnce, type Store, untilStored } from '../store/index.ts';
import type { Webhook, WebhookDirectory } from '../webhooks/index.ts';
import {
  type FoundEvent,
  findEvents,
  type MatchedWebhook,
  newestEvent,
  type SelectedPage,
  selectByFilter,
  selectByState,
  TEST_TYPE,
} from './replay-selection.store.ts';
import {
  type Candidates,
  cancelReplay,
  cancelReplayed,
  countReplay,
  createReplay,
  type ReplayBody,
  type ReplayRow,
  type ReplaySelection,
} from './replays.store.ts';
import { packRising } from './rising.ts';

/** What somebody asks to be sent again, its form checked. */
export interface ReplayRequest {
  selection: ReplaySelection;
  body: ReplayBody;
  ratePerSecond: number | null;
  /** Only counts. */
  isDryRun: boolean;
}

export interface Replays {
  /**
   * Counts what the request selects at this moment, and keeps it as a replay, which is then made by itself. A dry run
   * keeps nothing: its id is null. Refuses a webhook or events that there are not (422), and a disabled webhook (409).
   */
  create(request: ReplayRequest, once: OnceRequest | null): Promise<{ id: ReplayId | null; count: number }>;
  /** Makes nothing more of it, and cancels its open deliveries. Refuses (409) when it has ended. */
  cancel(id: string, once: OnceRequest | null): Promise<ReplayRow>;
}

interface Dependencies {
  store: Store;
  directory: WebhookDirectory;
  clock: Clock;
  ids: Ids;
}

/** So that one request cannot fill memory and disk by mistake. */
const MOST_DELIVERIES = 10_000_000;

/** What people do with replays. */
export function createReplays({ store, directory, clock, ids }: Dependencies): Replays {
  async function select(selection: ReplaySelection): Promise<Candidates[]> {
    const webhook = webhookToReplayTo(selection.webhookId);
    if (webhook !== null && selection.eventIds !== null) return selectNamed(webhook, selection.eventIds);
    // A disabled webhook matches nothing.
    const all = directory.list().filter(({ state }) => state !== 'disabled');
    return selectRange(selection, webhook === null ? all : [webhook], all);
  }

  function webhookToReplayTo(id: string | null): Webhook | null {
    if (id === null) return null;
    const webhook = directory.get(id);
    if (webhook === null) throw unacceptable('/webhookId', `There is no webhook ${JSON.stringify(id)}.`);
    if (webhook.state === 'disabled') {
      throw new Refusal('conflict', 'The webhook is disabled, and would be sent nothing: enable it first.');
    }
    return webhook;
  }

  async function selectNamed(webhook: Webhook, eventIds: readonly EventId[]): Promise<Candidates[]> {
    const found = new Map((await store.read(findEvents, { ids: eventIds })).map((event) => [event.id, event]));
    const sequences = new Set<number>();
    const errors: FieldError[] = [];
    for (const [index, id] of eventIds.entries()) {
      const event = found.get(id);
      const fault = event === undefined ? `There is no event ${JSON.stringify(id)}.` : whyNeverSent(event, webhook);
      if (fault !== null) errors.push({ pointer: `/eventIds/${index}`, detail: fault });
      else if (event !== undefined) sequences.add(event.sequence);
    }
    if (errors.length > 0) throw namesNothing(errors);
    const gathering = createGathering();
    gathering.add(webhook.record.number, [...sequences]);
    return gathering.list();
  }

  async function selectRange(
    { from, to, states, eventTypes }: ReplaySelection,
    targets: readonly Webhook[],
    all: readonly Webhook[],
  ): Promise<Candidates[]> {
    const lastSequence = await store.read(newestEvent, null);
    const range = { from: from as number, to: to as number, lastSequence, eventTypes };
    const webhookNumbers = targets.map(({ record }) => record.number);
    const webhooks = (targets.some(isFallback) ? all : targets).map(toMatched);

    function read(at: EventId | null): Promise<SelectedPage> {
      if (states !== null) return store.read(selectByState, { ...range, at, webhookNumbers, states });
      return store.read(selectByFilter, { ...range, at, targets: webhookNumbers, webhooks });
    }

    const gathering = createGathering();
    for (let at: EventId | null = null, isMore = targets.length > 0; isMore; isMore = at !== null) {
      const page: SelectedPage = await read(at);
      for (const { webhookNumber, eventSequences } of page.selected) gathering.add(webhookNumber, eventSequences);
      if (gathering.count > MOST_DELIVERIES) {
        throw unacceptable('/from', `That is more than ${MOST_DELIVERIES} deliveries: choose a shorter range.`);
      }
      at = page.next;
    }
    return gathering.list();
  }

  return {
    async create({ selection, body, ratePerSecond, isDryRun }, once) {
      if (isDryRun) {
        const counted = await onlyOnce(store, countReplay, once, async () => {
          const candidates = await select(selection);
          return { input: { count: candidates.reduce((sum, { eventCount }) => sum + eventCount, 0) }, aside: null };
        });
        return counted.value;
      }
      const created = await onlyOnce(store, createReplay, once, async () => {
        const candidates = await select(selection);
        const id = ids.make('rpl', clock.now());
        return { input: { id, selection, body, ratePerSecond, candidates, now: idTime(id) }, aside: null };
      });
      return created.value;
    },

    async cancel(id, once) {
      const prepare = () => ({ input: { id, now: clock.now() }, aside: null });
      const { value } = await onlyOnce(store, cancelReplay, once, prepare);
      if (value.isMore) await cancelRest({ store, clock }, id);
      return value.replay;
    },
  };
}

/** Ends what is still open of a cancelled replay. */
export async function cancelRest({ store, clock }: Pick<Dependencies, 'store' | 'clock'>, id: string): Promise<void> {
  for (let isMore = true; isMore; ) {
    isMore = (await untilStored(clock, () => store.run(cancelReplayed, { id, now: clock.now() }))).isMore;
  }
}

const MAX_ERRORS = 20;

function namesNothing(errors: readonly FieldError[]): Refusal {
  const [first] = errors;
  const detail =
    errors.length === 1 ? `${first?.pointer}: ${first?.detail}` : `${errors.length} events cannot be sent.`;
  return new Refusal('validation_failed', detail, { status: 422, errors: errors.slice(0, MAX_ERRORS) });
}

function whyNeverSent({ type, aboutWebhookId }: FoundEvent, webhook: Webhook): string | null {
  if (type === TEST_TYPE) return 'This is a connection test. It is never sent again: make another one.';
  return aboutWebhookId === webhook.record.id ? 'This event is about the webhook, and so is never sent to it.' : null;
}

function isFallback({ config }: Webhook): boolean {
  return config.routing === 'unmatched';
}

function toMatched({ record, config: { enabled, eventTypes, scope, routing } }: Webhook): MatchedWebhook {
  return { number: record.number, id: record.id, enabled, eventTypes, scope, routing };
}

/** How many events of a webhook one row holds: it is written anew with each step that takes from it. */
const EVENTS_A_ROW = 1000;

/** Gathers what is selected, packed, so that a million events take little room. */
function createGathering() {
  const packed: Candidates[] = [];
  const loose = new Map<number, number[]>();
  let count = 0;

  function pack(webhookNumber: number, sequences: readonly number[]): void {
    const rising = sequences.toSorted((a, b) => a - b);
    packed.push({ webhookNumber, eventCount: rising.length, eventSequences: packRising(rising) });
  }

  return {
    get count() {
      return count;
    },
    add(webhookNumber: number, eventSequences: readonly number[]): void {
      count += eventSequences.length;
      const all = [...(loose.get(webhookNumber) ?? []), ...eventSequences];
      while (all.length >= EVENTS_A_ROW) pack(webhookNumber, all.splice(0, EVENTS_A_ROW));
      loose.set(webhookNumber, all);
    },
    /** Everything, webhook by webhook in the order of the events. Gathers nothing after it. */
    list(): Candidates[] {
      for (const [webhookNumber, rest] of loose) if (rest.length > 0) pack(webhookNumber, rest);
      return packed;
    },
  };
}
