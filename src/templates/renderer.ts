import type { Clock } from '../kernel/clock.ts';
import { Refusal } from '../kernel/errors.ts';
import type { InstanceFacts } from '../payloads/index.ts';
import type { Inspection, InspectionRequest } from './inspection.ts';
import { createLine, type Line, type Rendered, type RenderingRequest } from './line.ts';

/** Renders templates, in threads of their own: each is somebody else's program. */
export interface TemplateRenderer {
  /** The body of a delivery. A template that fails is an answer, not an error. */
  render(request: RenderingRequest, instance: InstanceFacts): Promise<Rendered>;
  /** The body of a request that is no delivery: none waits behind it. */
  renderTrial(request: RenderingRequest, instance: InstanceFacts): Promise<Rendered>;
  /** Tries a template with events and hostile texts in them. Refuses (429) when too many wait for that. */
  inspect(request: InspectionRequest, instance: InstanceFacts): Promise<Inspection>;
  /** Has a thread ready for the first delivery. */
  warm(): void;
  /** Ends the threads. Whoever still waits is not answered. */
  end(): Promise<void>;
}

/** How many templates are remembered for having taken much. */
const MOST_SUSPECTS = 200;
/** A thousand times what most take. */
const MUCH_MS = 50;
/** Once may have been the machine. */
const STRIKES = 2;
/** How many may wait to be tried out: it is people who wait for these. */
const MOST_TRIALS = 64;

/**
 * Three lines: deliveries, deliveries of templates that have taken much, and everything that is tried out. So a
 * template that takes its time makes only its like wait. One that takes too much is judged by a second try, in each line:
 * the first may have met a busy machine.
 */
export function createTemplateRenderer(options: { threadModule: URL; clock: Clock }): TemplateRenderer {
  const deliveries = createLine(options);
  const doubtful = createLine(options);
  const trials = createLine(options);
  /** How often a template has taken much; too much counts twice. */
  const strikes = new Map<string, number>();
  let waiting = 0;

  function strike(template: string, times: number): void {
    strikes.set(template, (strikes.get(template) ?? 0) + times);
    const [oldest] = strikes.keys();
    if (strikes.size > MOST_SUSPECTS) strikes.delete(oldest as string);
  }

  async function renderOnce(line: Line, request: RenderingRequest, instance: InstanceFacts): Promise<Rendered> {
    const { value, excess } = await line.render(request, instance);
    return value ?? { body: null, fault: excess };
  }

  async function inspectOnce(request: InspectionRequest, instance: InstanceFacts): Promise<Inspection> {
    const { value, excess } = await trials.inspect(request, instance);
    if (value !== null) return value;
    const error = { detail: excess, line: null, column: null, eventType: null, sample: null };
    return { body: null, errors: [error], variables: [] };
  }

  return {
    async render(request, instance) {
      if ((strikes.get(request.template) ?? 0) >= STRIKES) return renderOnce(doubtful, request, instance);
      const outcome = await deliveries.render(request, instance);
      if (outcome.value === null) strike(request.template, STRIKES);
      else if (outcome.tookMs > MUCH_MS) strike(request.template, 1);
      return outcome.value ?? renderOnce(doubtful, request, instance);
    },
    async renderTrial(request, instance) {
      const { value } = await trials.render(request, instance);
      return value ?? renderOnce(trials, request, instance);
    },
    async inspect(request, instance) {
      if (waiting >= MOST_TRIALS) {
        throw new Refusal('rate_limited', 'Many templates are being tried at this moment. Ask again in a few seconds.');
      }
      waiting += 1;
      try {
        return (await trials.inspect(request, instance)).value ?? (await inspectOnce(request, instance));
      } finally {
        waiting -= 1;
      }
    },
    warm: deliveries.warm,
    async end() {
      await Promise.all([deliveries.end(), doubtful.end(), trials.end()]);
    },
  };
}
