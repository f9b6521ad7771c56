import type { CommandOptions } from '../../src/app.commands.ts';
import { Refusal, type RefusalCode } from '../../src/kernel/errors.ts';
import { createIds } from '../../src/kernel/ids.ts';
import { createKeyring } from '../../src/kernel/sealing.ts';
import { type CommitWitness, createCommitWitness } from './commits.ts';
import { createDice, type Dice } from './dice.ts';
import { createDisk, type Disk } from './disk.ts';
import { createVerdicts, type Verdicts } from './invariants.ts';
import { keepJournal } from './journal.ts';
import { type Api, type Flaw, type Life, startLife } from './life.ts';
import { createNetwork } from './network.ts';
import { createPicture, type LifePicture, type Picture } from './picture.ts';
import { createPublicationWitness, type PublicationWitness } from './publications.ts';
import { createReceivers, type Receivers } from './receivers.ts';
import type { Facts } from './rules.ts';
import { type Script, writeScript } from './script.ts';
import { createSendWitness, type SendWitness } from './sendings.ts';
import { openSimulatedStore } from './store.ts';
import { type Channel, createTimeline, type ProcessTime, type Timeline } from './timeline.ts';
import { createTrace, type Trace } from './trace.ts';

/** What comes of a call: as a client of the server sees it. */
export type Answer<T> =
  | { kind: 'ok'; value: T }
  | { kind: 'refused'; code: RefusalCode }
  /** The process died: nobody knows whether it was done. */
  | { kind: 'unanswered' }
  /** Nobody took the call. */
  | { kind: 'down' };

/** A seed's own universe: one server that dies and starts again, on one disk, with its receivers and witnesses. */
export interface World {
  readonly script: Script;
  readonly timeline: Timeline;
  readonly disk: Disk;
  readonly receivers: Receivers;
  readonly picture: Picture;
  readonly verdicts: Verdicts;
  readonly trace: Trace;
  readonly witness: { commits: CommitWitness; sends: SendWitness; publications: PublicationWitness };
  /** Whether a process runs, and whether it has finished its start and is not stopping. */
  readonly isAlive: boolean;
  readonly isUp: boolean;
  diceFor(purpose: string): Dice;
  call<T>(act: (api: Api) => Promise<T>): Promise<Answer<T>>;
  /** Starts a process, unless there is one. */
  boot(): void;
  /** The process dies at once, and starts again after a while. */
  kill(cause: string): void;
  /** SIGTERM; it starts again after a while unless it is the last stop. Does nothing while no process is up. */
  stop(options: { isLast: boolean }): void;
}

/** 1 January 2026: any instant will do. */
const START_AT = Date.UTC(2026, 0, 1);
const DAY_MS = 24 * 60 * 60 * 1000;
const LONGEST_DOWN_MS = 3_000;

/** A process while it runs. */
interface Running {
  number: number;
  time: ProcessTime;
  http: Channel;
  cut: () => void;
  api: Api | null;
  life: Life | null;
  calls: Set<() => void>;
  onCallsAnswered: (() => void) | null;
}

export function createWorld(seed: number, flaw: Flaw): World {
  const diceFor = (purpose: string) => createDice(seed, purpose);
  const script = writeScript(diceFor('script'));
  const timeline = createTimeline({ startAt: START_AT, pace: script.pace, dice: diceFor('timeline') });
  const { now } = timeline;
  const verdicts = createVerdicts();
  const trace = createTrace(now);
  const picture = createPicture();
  const receivers = createReceivers({ now, busyMs: script.busyMs, dice: diceFor('receivers') });
  const disk = createDisk(diceFor('disk'), flaw.connection ?? ((connection) => connection));
  const journal = keepJournal(disk.witness);
  const shared = { picture, verdicts, trace, now };
  const witness = {
    commits: createCommitWitness({ ...shared, retentionMs: script.retentionDays * DAY_MS }),
    sends: createSendWitness({ ...shared, maxInFlight: script.maxInFlight }),
    publications: createPublicationWitness(picture, verdicts),
  };
  const network = createNetwork({ timeline, receivers, witness: witness.sends, dice: diceFor('network') });
  const sealer = createKeyring([new Uint8Array(32)]);
  const random = diceFor('process');
  const ids = createIds(random);
  const downtime = diceFor('downtime');
  let running: Running | null = null;
  let lives = 0;

  function boot(): void {
    if (running !== null) return;
    lives += 1;
    const time = timeline.process();
    const sender = network.connect(time);
    const self: Running = {
      number: lives,
      time,
      http: time.channel(),
      cut: sender.cut,
      api: null,
      life: null,
      calls: new Set(),
      onCallsAnswered: null,
    };
    running = self;
    const command: CommandOptions = { bootId: ids.make('boot', now()), maxInFlight: script.maxInFlight };
    picture.life = { number: lives, bootId: command.bootId, isStopping: false, unsettled: new Set() };
    picture.views = new Map([...picture.webhooksById].map(([id, facts]) => [id, [facts]]));
    trace.note(`process ${lives} starts`);
    const started = startLife({
      ...command,
      flaw,
      clock: time.clock,
      random,
      sealer,
      sender,
      retentionDays: script.retentionDays,
      openStore: (handlers) =>
        openSimulatedStore({
          time,
          disk,
          handlers,
          ids: createIds(random),
          onCommitted,
          onTold,
          onBroken: (message) => die(self, message),
        }),
      onListening(api) {
        if (running === self) self.api = api;
      },
      onFault: (error) => judgeFault(self, error),
    });
    started.then(
      (life) => onStarted(self, life),
      (error) => onNotStarted(self, error),
    );
  }

  function onCommitted(): Facts[] {
    return witness.commits.committed(journal.read());
  }

  /** While the main thread is told of changes, what it does may go by either side of them. */
  function onTold(changed: Facts[], tell: () => void): void {
    for (const facts of changed) picture.views.set(facts.id, [...(picture.views.get(facts.id) ?? []), facts]);
    for (const facts of changed) witness.sends.told(facts);
    tell();
    for (const { id } of changed) picture.views.set(id, (picture.views.get(id) ?? []).slice(-1));
  }

  function onStarted(self: Running, life: Life): void {
    if (running !== self) return;
    self.life = life;
    trace.note(`process ${self.number} is up`);
    const bootId = (picture.life as LifePicture).bootId;
    const held = disk.witness.all<{ number: number; id: string }>(
      "SELECT number, id FROM deliveries WHERE state = 'delivering' AND held_by <> ?",
      [bootId],
    );
    for (const { number, id } of held)
      verdicts.violated('deadHands', `d${number} is in the hands of a dead process`, id);
    witness.publications.lookUp(disk.witness);
  }

  function onNotStarted(self: Running, error: unknown): void {
    if (running !== self) return;
    judgeFault(self, error);
    die(self, 'the start failed');
  }

  /** A disk without room is nobody's mistake. */
  function judgeFault(self: Running, error: unknown): void {
    if (running !== self || (error instanceof Refusal && error.code === 'storage_unavailable')) return;
    verdicts.violated('faults', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  function die(self: Running, cause: string): void {
    if (running !== self) return;
    trace.note(`process ${self.number} dies: ${cause}`);
    end(self);
    disk.crash();
    timeline.outside(downtime.within(0, LONGEST_DOWN_MS), boot);
  }

  function end(self: Running): void {
    running = null;
    self.time.end();
    self.cut();
    for (const giveUp of self.calls) giveUp();
  }

  function call<T>(act: (api: Api) => Promise<T>): Promise<Answer<T>> {
    const self = running;
    const api = self?.api ?? null;
    if (self === null || api === null) return Promise.resolve({ kind: 'down' });
    return new Promise((resolve) => {
      const giveUp = () => resolve({ kind: 'unanswered' });
      const answer = (answered: Answer<T>) => {
        if (running !== self) return;
        self.calls.delete(giveUp);
        resolve(answered);
        if (self.calls.size === 0) self.onCallsAnswered?.();
      };
      self.calls.add(giveUp);
      self.http.send(() => {
        act(api).then(
          (value) => answer({ kind: 'ok', value }),
          (error) => {
            if (!(error instanceof Refusal)) judgeFault(self, error);
            answer({ kind: 'refused', code: error instanceof Refusal ? error.code : 'internal_error' });
          },
        );
      });
    });
  }

  function stop({ isLast }: { isLast: boolean }): void {
    const self = running;
    if (self === null || self.life === null || (picture.life as LifePicture).isStopping) return;
    (picture.life as LifePicture).isStopping = true;
    trace.note(`process ${self.number} is told to stop`);
    self.api = null;
    const callsAnswered = () =>
      self.calls.size === 0
        ? Promise.resolve()
        : new Promise<void>((resolve) => {
            self.onCallsAnswered = resolve;
          });
    self.life.stop(callsAnswered).then(
      () => {
        if (running !== self) return;
        trace.note(`process ${self.number} has stopped`);
        end(self);
        if (!isLast) timeline.outside(downtime.within(0, LONGEST_DOWN_MS), boot);
      },
      (error) => judgeFault(self, error),
    );
  }

  return {
    script,
    timeline,
    disk,
    receivers,
    picture,
    verdicts,
    trace,
    witness,
    get isUp() {
      return running !== null && running.life !== null && !(picture.life as LifePicture).isStopping;
    },
    get isAlive() {
      return running !== null;
    },
    diceFor,
    call,
    boot,
    kill(cause) {
      if (running !== null) die(running, cause);
    },
    stop,
  };
}
