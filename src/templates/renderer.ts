import type { Clock } from '../kernel/clock.ts';
import type { InstanceFacts } from '../payloads/index.ts';
import type { Inspection, InspectionRequest } from './inspection.ts';
import { createLine, type Line, type Rendered, type RenderingRequest } from './line.ts';

/** Renders templates, in threads of their own: each is somebody else's program. */
export interface TemplateRenderer {
  /** The body of a delivery. A template that fails is an answer, not an error. */
  render(request: RenderingRequest, instance: InstanceFacts): Promise<Rendered>;
  /** The body of a request that is no delivery: none waits behind it. */
  renderTrial(request: RenderingRequest, instance: InstanceFacts): Promise<Rendered>;
  /** Tries a template with events and hostile texts in them. */
  inspect(request: InspectionRequest, instance: InstanceFacts): Promise<Inspection>;
  /** Has a thread ready for the first delivery. */
  warm(): void;
  /** Ends the threads. Whoever still waits is not answered. */
  end(): Promise<void>;
}

/** How many templates are remembered for having taken too much. */
const MOST_SUSPECTS = 1_000;

/**
 * Three lines: deliveries, deliveries of templates that have taken too much once, and everything that is tried out. So a
 * template that takes too much makes only its like wait, and is judged by a second try: the first may have met a busy
 * machine.
 */
export function createTemplateRenderer(options: { threadModule: URL; clock: Clock }): TemplateRenderer {
  const deliveries = createLine(options);
  const doubtful = createLine(options);
  const trials = createLine(options);
  const suspects = new Set<string>();

  function suspect(template: string): void {
    suspects.add(template);
    const [oldest] = suspects;
    if (suspects.size > MOST_SUSPECTS) suspects.delete(oldest as string);
  }

  async function renderOnce(line: Line, request: RenderingRequest, instance: InstanceFacts): Promise<Rendered> {
    const { value, excess } = await line.render(request, instance);
    return value ?? { body: null, fault: excess };
  }

  return {
    async render(request, instance) {
      if (suspects.has(request.template)) return renderOnce(doubtful, request, instance);
      const { value } = await deliveries.render(request, instance);
      if (value !== null) return value;
      suspect(request.template);
      return renderOnce(doubtful, request, instance);
    },
    renderTrial: (request, instance) => renderOnce(trials, request, instance),
    async inspect(request, instance) {
      const { value, excess } = await trials.inspect(request, instance);
      if (value !== null) return value;
      const error = { detail: excess, line: null, column: null, eventType: null, sample: null };
      return { body: null, errors: [error], variables: [] };
    },
    warm: deliveries.warm,
    async end() {
      await Promise.all([deliveries.end(), doubtful.end(), trials.end()]);
    },
  };
}
