import { Worker } from 'node:worker_threads';
import { type Clock, nextTurn, type Timer } from '../kernel/clock.ts';
import type { InstanceFacts } from '../payloads/index.ts';
import type { Inspection, InspectionRequest } from './inspection.ts';
import {
  type FromTemplates,
  LIMIT_MS,
  type PackedRendering,
  STEP,
  TASK,
  type TemplateThreadSettings,
  type ToTemplates,
} from './protocol.ts';

/** A body to be rendered for a delivery. */
export interface RenderingRequest {
  template: string;
  contentType: string;
  webhook: { name: string };
  /** `data` is JSON text. */
  event: { id: string; type: string; occurredAt: number; data: string };
}

/** What came of a rendering: the body, or why there is none, in words for people. */
export type Rendered = { body: string; fault: null } | { body: null; fault: string };

/** What a task came to. `excess` says why its thread was ended, or why the template was broken off. */
type Outcome<T> = { value: T; excess: null; tookMs: number } | { value: null; excess: string };

/** One thread that renders, and those who wait for it. */
export interface Line {
  render(request: RenderingRequest, instance: InstanceFacts): Promise<Outcome<Rendered>>;
  inspect(request: InspectionRequest, instance: InstanceFacts): Promise<Outcome<Inspection>>;
  /** Has the thread ready for the first who comes. */
  warm(): void;
  /** Ends the thread. Whoever waits for it is not answered. */
  end(): Promise<void>;
}

interface Pending {
  task: { kind: 'rendering'; request: RenderingRequest } | { kind: 'inspection'; request: InspectionRequest };
  settle(outcome: Outcome<unknown>): void;
  fail(error: Error): void;
}

/** A thread, and the step in which it was last seen. */
interface Running {
  worker: Worker;
  progress: Int32Array;
  seen: { step: number; at: number };
}

/** How often a thread at work is looked at: how much later than at its limit it may be ended. */
const LOOK_MS = 25;
/** Enough for any body, and little enough for a template that fills it to harm nobody. */
const RESOURCES = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };
const OUT_OF_MEMORY = 'ERR_WORKER_OUT_OF_MEMORY';

/**
 * A line of tasks before one thread, which is started with the first. Those of one turn go over in one message. When a
 * template does not end, or fills its memory, the thread is ended with it; whatever else it had been given is done again
 * by the next one, task by task, so that each is its own trial.
 */
export function createLine({ threadModule, clock }: { threadModule: URL; clock: Clock }): Line {
  let running: Running | null = null;
  let lookOut: Timer | null = null;
  let lastNumber = 0;
  let instance: InstanceFacts;
  /** New ones, not sent yet. */
  let gathered: Pending[] = [];
  /** Those whose thread was ended by another. */
  const again: Pending[] = [];
  /** Those that the thread has, by their numbers. */
  const given = new Map<number, Pending>();

  function start(): Running {
    const memory = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
    const workerData: TemplateThreadSettings = { role: 'templates', progress: memory };
    const worker = new Worker(threadModule, {
      workerData,
      name: 'templates',
      resourceLimits: RESOURCES,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: {},
    });
    const started = { worker, progress: new Int32Array(memory), seen: { step: -1, at: 0 } };
    worker.on('message', (message: FromTemplates) => {
      if (running === started) answer(message);
    });
    worker.on('error', (error) => {
      if (running === started) breakDown(started, error);
    });
    // The process does not wait for templates.
    worker.unref();
    return started;
  }

  function answer({ rendered, inspected, faults }: FromTemplates): void {
    for (const [number, body, fault, isExcess, tookMs] of rendered) {
      const value = { body, fault };
      const outcome = isExcess ? { value: null, excess: fault as string } : { value, excess: null, tookMs };
      take(number)?.settle(outcome);
    }
    for (const { number, inspection } of inspected)
      take(number)?.settle({ value: inspection, excess: null, tookMs: 0 });
    for (const { number, message } of faults) take(number)?.fail(new Error(message));
    send();
  }

  function take(number: number): Pending | undefined {
    const pending = given.get(number);
    given.delete(number);
    return pending;
  }

  function send(): void {
    if (again.length > 0) {
      if (given.size === 0) give([again.shift() as Pending]);
    } else if (gathered.length > 0) {
      give(gathered);
      gathered = [];
    }
  }

  function give(tasks: readonly Pending[]): void {
    running ??= start();
    const templates = new Map<string, number>();
    const message = { instance, templates: [], renderings: [] as PackedRendering[], inspections: [] as object[] };
    for (const pending of tasks) {
      lastNumber = lastNumber >= 2 ** 30 ? 1 : lastNumber + 1;
      given.set(lastNumber, pending);
      const { kind, request } = pending.task;
      if (kind === 'rendering') message.renderings.push(packed(lastNumber, request, templates));
      else message.inspections.push({ number: lastNumber, request });
    }
    running.worker.postMessage({ ...message, templates: [...templates.keys()] } as ToTemplates);
    if (lookOut === null) {
      running.seen.step = -1;
      lookOut = clock.after(LOOK_MS, look);
    }
  }

  /** Ends the thread when it has been at one step for longer than that may take. */
  function look(): void {
    lookOut = null;
    if (running === null || given.size === 0) return;
    const { progress, seen } = running;
    const step = Atomics.load(progress, STEP);
    const now = clock.monotonicMs();
    if (step !== seen.step || Atomics.load(progress, TASK) === 0) Object.assign(seen, { step, at: now });
    const limitMs = Atomics.load(progress, LIMIT_MS);
    if (now - seen.at >= limitMs && limitMs > 0) endFor(running, `It was broken off after ${limitMs} ms.`);
    else lookOut = clock.after(LOOK_MS, look);
  }

  function breakDown(broken: Running, error: Error): void {
    if ('code' in error && error.code === OUT_OF_MEMORY) {
      endFor(broken, 'Rendering takes too much memory.');
      return;
    }
    running = null;
    const left = [...given.values()];
    given.clear();
    for (const pending of left)
      pending.fail(new Error(`A thread that renders has failed: ${error.message}`, { cause: error }));
    send();
  }

  /** Ends the thread and the task that it was at; the others are done again. */
  function endFor({ worker, progress }: Running, excess: string): void {
    const guilty = take(Atomics.load(progress, TASK)) ?? theOnlyOne();
    running = null;
    void worker.terminate();
    again.push(...given.values());
    given.clear();
    guilty?.settle({ value: null, excess });
    send();
  }

  /** What the thread has, when that is one task: whatever happened, it was that one. */
  function theOnlyOne(): Pending | undefined {
    const [number] = given.keys();
    return given.size === 1 && number !== undefined ? take(number) : undefined;
  }

  function run<T>(task: Pending['task'], of: InstanceFacts): Promise<Outcome<T>> {
    instance = of;
    return new Promise((resolve, reject) => {
      if (gathered.length === 0) nextTurn(send);
      gathered.push({ task, settle: resolve as Pending['settle'], fail: reject });
    });
  }

  return {
    render: (request, of) => run({ kind: 'rendering', request }, of),
    inspect: (request, of) => run({ kind: 'inspection', request }, of),
    warm() {
      running ??= start();
    },
    async end() {
      lookOut?.cancel();
      await running?.worker.terminate();
    },
  };
}

function packed(number: number, request: RenderingRequest, templates: Map<string, number>): PackedRendering {
  const { template, contentType, webhook, event } = request;
  let index = templates.get(template);
  if (index === undefined) {
    index = templates.size;
    templates.set(template, index);
  }
  return [number, index, contentType, webhook.name, event.id, event.type, event.occurredAt, event.data];
}
