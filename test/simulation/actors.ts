import type { WebhookId } from '../../src/kernel/ids.ts';
import type { Dice } from './dice.ts';
import type { DeliveryRow } from './journal.ts';
import type { DeliveryPicture, ReplayPicture } from './picture.ts';
import type { Publication } from './publications.ts';
import { type Facts, hasEnded } from './rules.ts';
import { type Act, eventFor, nextAct, replayRequest, sharedSettings, webhookPatch, webhookSettings } from './script.ts';
import type { World } from './world.ts';

/** Resolves after so long of virtual time, whatever becomes of the process. */
function pause({ timeline }: World, ms: number): Promise<void> {
  return new Promise((resolve) => {
    timeline.outside(ms, resolve);
  });
}

/** Waits while something is so, at most until that instant. */
async function waitWhile(world: World, until: number, isSo: () => boolean): Promise<void> {
  while (isSo() && world.timeline.now() < until) await pause(world, world.script.busyMs / LOOKS);
}

/** How closely people watch for their moment, in shares of the busy time. */
const LOOKS = 200;
const ASK_AGAIN_MS = 400;
const FLOOD = 250;
/** Somebody without a key gives up when nobody takes the call for so long. */
const PATIENCE = 20;

/** Publishes its share of events, one by one and in batches. Resolves when it has been told what became of the last. */
export async function publish(world: World, name: string): Promise<void> {
  const { script } = world;
  const dice = world.diceFor(name);
  const count = Math.ceil(script.publications / script.publishers);
  for (let i = 0; i < count; i += 1) {
    // Now and then one comes right after another.
    if (dice.hit(0.8)) await pause(world, dice.within(0, (2 * script.busyMs) / count));
    const size = i === 1 && script.isFlooded ? FLOOD : dice.hit(0.3) ? dice.within(2, 6) : 1;
    const markers = Array.from({ length: size }, (_, place) => `${name}n${i}-${place}`);
    const key = dice.hit(0.4) ? `${name}n${i}` : null;
    await publishOne(world, dice, { markers, key, acknowledged: null, isRefused: false });
  }
}

async function publishOne(world: World, dice: Dice, publication: Publication): Promise<void> {
  const { markers, key } = publication;
  const events = markers.map((marker) => eventFor(dice, marker));
  const { publications } = world.witness;
  let isUncertain = false;
  publications.asked(publication);
  // Sometimes a client that has its answer asks again all the same.
  let repeats = key !== null && dice.hit(0.2) ? 1 : 0;
  for (let asked = 0; asked < PATIENCE || key !== null; asked += 1) {
    const answer = await world.call(async (api) => {
      const published = await api.publish(structuredClone(events), key);
      publications.acknowledged(publication, published);
      return published;
    });
    world.trace.note(`client   ${markers.join(' ')}: ${answer.kind === 'refused' ? answer.code : answer.kind}`);
    if (answer.kind === 'ok') publication.isRefused = false;
    if (answer.kind === 'refused') publication.isRefused = !isUncertain;
    if (answer.kind === 'unanswered') [isUncertain, publication.isRefused] = [true, false];
    if (answer.kind === 'ok') {
      if (repeats === 0) return;
      repeats -= 1;
    } else if (answer.kind !== 'down' && key === null) {
      return;
    }
    await pause(world, ASK_AGAIN_MS);
  }
}

/** What was held up while nobody could publish comes all at once. */
function publishTogether(world: World, dice: Dice, name: string): Promise<void> {
  const markers = Array.from({ length: dice.within(1, 12) }, (_, place) => `${name}-${place}`);
  return publishOne(world, dice, { markers, key: null, acknowledged: null, isRefused: false });
}

/** Creates the webhooks that the run begins with. */
export async function setUp(world: World): Promise<void> {
  const dice = world.diceFor('set-up');
  if (dice.hit(0.5)) await insist(world, (api) => api.replaceDefaults(sharedSettings(dice, world.script)));
  for (let i = 0; i < world.script.webhooks; i += 1) {
    const body = { name: `webhook ${i}`, ...webhookSettings(dice, world.script) };
    await insist(world, (api) => api.createWebhook(body));
  }
}

/** Asks until somebody takes the call. */
async function insist(world: World, act: Parameters<World['call']>[0]): Promise<void> {
  for (;;) {
    const { kind } = await world.call(act);
    if (kind !== 'down') return;
    await pause(world, ASK_AGAIN_MS);
  }
}

/** People who change, pause, delete, retry and cancel what they come across. */
export async function operate(world: World): Promise<void> {
  const { script } = world;
  const dice = world.diceFor('operator');
  const acts: Promise<void>[] = [];
  for (let i = 0; i < script.interventions; i += 1) {
    await pause(world, dice.within(0, (2 * script.busyMs) / script.interventions));
    // People do not wait for each other.
    acts.push(intervene(world, dice));
  }
  await Promise.all(acts);
}

/** One of the last list that has any, or, as often as not, of one before it. */
function pickFrom<T>(dice: Dice, lists: readonly (readonly T[])[]): T | undefined {
  const list = lists.findLast((one, index) => one.length > 0 && (index === 0 || dice.hit(0.5)));
  return list && dice.pick(list);
}

/** Somebody does something to a webhook or a delivery, preferably where something is under way. */
async function intervene(world: World, dice: Dice): Promise<void> {
  const { picture } = world;
  const all = [...picture.deliveries.values()];
  const inHand = all.filter(({ row }) => row.state === 'delivering');
  const inLine = inHand.filter(({ row, sends }) => !sends.some(({ attempt }) => attempt > row.attemptCount));
  const row = pickFrom(dice, [all.slice(-40), inHand, inLine])?.row ?? null;
  const live = [...picture.webhooks.values()].filter(({ isDeleted }) => !isDeleted);
  const webhook = live.find(({ number }) => number === row?.webhookNumber && dice.hit(0.7)) ?? dice.pick(live);
  const act = nextAct(dice, world.script);
  if (webhook === undefined || act === 'create') {
    return ask(world, 'creates a webhook', (api) =>
      api.createWebhook({ name: 'late', ...webhookSettings(dice, world.script) }),
    );
  }
  if (row !== null && act === 'retry') return ask(world, `retries d${row.number}`, (api) => api.retryDelivery(row.id));
  if (row !== null && act === 'cancel') return cancelDelivery(world, row);
  if (act === 'cancel-replay') return cancelReplay(world);
  return treat(world, dice, webhook, act);
}

/** Does something to a webhook, or to what all of them share. */
async function treat(world: World, dice: Dice, { id, number }: Facts, act: Act): Promise<void> {
  switch (act) {
    case 'delete':
      return ask(world, `deletes w${number}`, (api) => api.deleteWebhook(id));
    case 'pause':
      return ask(world, `pauses w${number}`, (api) => api.pauseWebhook(id));
    case 'resume':
      return ask(world, `resumes w${number}`, (api) => api.resumeWebhook(id));
    case 'change': {
      const patch = webhookPatch(dice, world.script);
      return ask(world, `changes w${number} ${JSON.stringify(patch)}`, (api) => api.changeWebhook(id, patch as never));
    }
    case 'set-for-all': {
      const settings = sharedSettings(dice, world.script);
      return ask(world, `sets for all ${JSON.stringify(settings)}`, (api) => api.replaceDefaults(settings));
    }
    case 'replay': {
      const request = replayRequest(dice, id as WebhookId, world.timeline.now());
      return ask(world, `replays to w${number} ${JSON.stringify(request)}`, (api) => api.createReplay(request));
    }
    default:
      return ask(world, `tests w${number}`, (api) => api.testWebhook(id));
  }
}

function cancelDelivery(world: World, { id, number }: DeliveryRow): Promise<void> {
  return ask(world, `cancels d${number}`, async (api) => {
    await api.cancelDelivery(id);
    world.witness.sends.cancelled(id);
  });
}

/** Cancels the last replay that there is. Nothing of it is open when that is answered. */
async function cancelReplay(world: World): Promise<void> {
  const { picture, verdicts } = world;
  const replay = [...picture.replays.values()].at(-1);
  if (replay === undefined) return;
  const { number, id } = replay.row;
  await ask(world, `cancels r${number}`, async (api) => {
    await api.cancelReplay(id);
    for (const { row } of replay.made.values()) {
      if (!hasEnded(row.state))
        verdicts.violated('replays', `d${row.number} of r${number} is open after its end`, row.id);
      world.witness.sends.cancelled(row.id);
    }
  });
}

async function ask(world: World, what: string, act: Parameters<World['call']>[0]): Promise<void> {
  world.trace.note(`operator ${what}`);
  const answer = await world.call(act);
  world.trace.note(`operator ${what}: ${answer.kind === 'refused' ? answer.code : answer.kind}`);
}

/**
 * Faults of machine and disk, at instants of their own; resolves when the disk has had room for the last time. Crashes come
 * between any two steps, and so from elsewhere.
 */
export async function scheduleFaults(world: World): Promise<void> {
  const { script, timeline, disk } = world;
  const dice = world.diceFor('faults');
  const calmAt = timeline.now() + script.busyMs;
  const sometime = () => dice.within(0, script.busyMs);
  const stops = Array.from({ length: script.stops }, async (_, i) => {
    await pause(world, sometime());
    await stopForAWhile(world, calmAt);
    await publishTogether(world, dice, `stop${i}`);
  });
  for (let i = 0; i < script.brokenDisks; i += 1) timeline.outside(sometime(), () => disk.breakNextCommit());
  const fullDisks = Array.from({ length: script.fullDisks }, async (_, i) => {
    await pause(world, sometime());
    await fillDisk(world, dice, calmAt);
    await publishTogether(world, dice, `full${i}`);
  });
  await Promise.all([...stops, ...fullDisks]);
}

/** Stops the process, preferably while a receiver is left alone and nothing that waits for it reminds of that. */
async function stopForAWhile(world: World, calmAt: number): Promise<void> {
  const { picture, timeline } = world;
  const isOpen = (number: number) =>
    [...picture.deliveries.values()].some(({ row }) => row.webhookNumber === number && !hasEnded(row.state));
  const isLeftAlone = ({ number, holdUntil }: Facts) => holdUntil > timeline.now() && !isOpen(number);
  await waitWhile(world, calmAt, () => ![...picture.webhooks.values()].some(isLeftAlone));
  world.stop({ isLast: false });
}

/** Leaves the disk without room for a while, preferably while something is under way. */
async function fillDisk(world: World, dice: Dice, calmAt: number): Promise<void> {
  const { disk, trace, timeline } = world;
  const isQuiet = () => ![...world.picture.deliveries.values()].some(({ row }) => row.state === 'delivering');
  await waitWhile(world, calmAt, isQuiet);
  const lastsMs = dice.within(100, 20_000);
  trace.note('the disk is full');
  disk.isFull = true;
  // That is when what people do has to be taken back.
  for (let act = 0; act < 10; act += 1) timeline.outside(dice.within(0, lastsMs), () => void intervene(world, dice));
  await pause(world, lastsMs);
  trace.note('the disk has room');
  disk.isFull = false;
}

const LOOK_AGAIN_MS = 5_000;
const SELDOM_MS = 6 * 60 * 60 * 1000;
/** How long a delivery may take that nothing stands in the way of. */
const LATE_MS = 10 * 60 * 1000;

/** Makes everybody well, and resolves when every delivery and replay has ended. Reports those that do not. */
export async function healAndWait(world: World): Promise<void> {
  const { receivers, disk, timeline, picture, trace } = world;
  trace.note('everybody is well from now on');
  receivers.heal();
  disk.isFull = false;
  const healedAt = timeline.now();
  for (;;) {
    if (world.isUp) await Promise.all([...picture.webhooks.values()].map((webhook) => wakeUp(world, webhook)));
    const open = [...picture.deliveries.values()].filter(({ row, isTest }) => !(isTest || hasEnded(row.state)));
    const running = [...picture.replays.values()].filter(({ row }) => row.state === 'running');
    if (world.isUp && open.length === 0 && running.length === 0) return;
    if (open.some((delivery) => isLate(world, delivery, healedAt))) return;
    if (running.some((replay) => isStuck(world, replay, healedAt))) return;
    const nextAt = open.length === 0 ? 0 : Math.min(...open.map(({ row }) => row.dueAt ?? 0));
    await pause(world, Math.min(Math.max(nextAt - timeline.now(), LOOK_AGAIN_MS), SELDOM_MS));
  }
}

/** Whether a delivery is long due, and nothing moves that could be before it in its line. */
function isLate(
  { picture, timeline, verdicts }: World,
  { row, changedAt }: DeliveryPicture,
  healedAt: number,
): boolean {
  const { holdUntil = 0, probeAt = 0 } = picture.webhooks.get(row.webhookNumber) ?? {};
  const waitedMs = timeline.now() - Math.max(healedAt, row.dueAt ?? changedAt, holdUntil, probeAt);
  if (waitedMs <= LATE_MS) return false;
  const ofWebhook = [...picture.deliveries.values()].filter((other) => other.row.webhookNumber === row.webhookNumber);
  if (ofWebhook.some((other) => timeline.now() - other.changedAt <= LATE_MS)) return false;
  verdicts.violated('ends', `d${row.number} is still ${row.state}, due ${waitedMs} ms ago`, row.id);
  return true;
}

/** Whether a replay makes nothing more, though none of what it has made is open and no other is in its way. */
function isStuck(
  { picture, timeline, verdicts }: World,
  { row, changedAt, made }: ReplayPicture,
  healedAt: number,
): boolean {
  if ([...made.values()].some((delivery) => !hasEnded(delivery.row.state))) return false;
  const moves = [...picture.deliveries.values()].map((delivery) => delivery.changedAt);
  if (timeline.now() - Math.max(healedAt, changedAt, ...moves) <= LATE_MS) return false;
  verdicts.violated('replays', `r${row.number} has made ${row.made} of ${row.count}, and makes no more`);
  return true;
}

async function wakeUp(
  world: World,
  { id, isDeleted, isPaused, isEnabled }: { id: string; isDeleted: boolean; isPaused: boolean; isEnabled: boolean },
): Promise<void> {
  if (isDeleted) return;
  if (isPaused) await world.call((api) => api.resumeWebhook(id));
  if (!isEnabled) await world.call((api) => api.changeWebhook(id, { enabled: true }));
}
