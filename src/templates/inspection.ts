import type { Clock } from '../kernel/clock.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { EventContent, InstanceFacts } from '../payloads/index.ts';
import { hostileSamplesOf, shownSample } from './hostile.ts';
import { type ParsedTemplate, parseTemplate, TemplateFault } from './language.ts';
import { MAX_TEMPLATE_BYTES } from './limits.ts';
import { type Rendering, renderTemplate } from './rendering.ts';

/** A template to be tried, and the events to try it with. */
export interface InspectionRequest {
  template: string;
  contentType: string;
  webhook: { name: string };
  /** At least one. */
  samples: readonly EventContent[];
}

/** What is wrong with a template: where, and with which event it shows. Null where that is not known. */
export interface TemplateError {
  detail: string;
  line: number | null;
  column: number | null;
  eventType: string | null;
  /** The event's data, long texts cut. */
  sample: JsonObject | null;
}

/** What came of trying a template. It holds when there are no errors. */
export interface Inspection {
  /** The body of the first sample as it is, or null when there is none. */
  body: string | null;
  errors: TemplateError[];
  /** The paths of names that it uses. */
  variables: readonly (readonly string[])[];
}

/** What a thread that inspects tells of its progress, so that it can be ended when there is none. */
export interface Steps {
  parsing(): void;
  rendering(): void;
}

/** How many event types a refusal speaks of. */
const MOST_ERRORS = 5;
/** For all samples together: a template that needs longer is too slow to be sent. */
const INSPECTION_MS = 3_000;

/**
 * Tries a template: reads it, and renders it with each sample as it is and with hostile texts in it. Of each event type
 * the first fault is told, and after what takes too long nothing more is tried.
 */
export function inspectTemplate(
  { template: text, contentType, webhook, samples }: InspectionRequest,
  instance: InstanceFacts,
  { steps, clock }: { steps: Steps; clock: Clock },
): Inspection {
  const endAt = clock.monotonicMs() + INSPECTION_MS;
  const inspection: Inspection = { body: null, errors: [], variables: [] };

  /** What takes too much is tried once more: the first time may have met a busy machine. */
  function tryWith(template: ParsedTemplate, event: EventContent): Rendering {
    const first = tryOnce(template, event);
    return first.fault?.isExcess === true ? tryOnce(template, event) : first;
  }

  function tryOnce(template: ParsedTemplate, event: EventContent): Rendering {
    if (clock.monotonicMs() > endAt) {
      const detail = 'To render it with samples of all its event types takes too long.';
      return { body: null, fault: new TemplateFault(detail, null, { isExcess: true }) };
    }
    steps.rendering();
    return renderTemplate(template, { event, webhook, instance }, contentType);
  }

  /** The first fault that shows with an event of the type, or null. */
  function faultWith(template: ParsedTemplate, event: EventContent): TemplateError | null {
    const plain = tryWith(template, event);
    if (event === samples[0]) inspection.body = plain.body;
    if (plain.fault !== null) return errorOf(plain.fault, event);
    for (const { texts, data } of hostileSamplesOf(event.data)) {
      const { fault } = tryWith(template, { ...event, data });
      if (fault !== null) return errorOf(fault, { ...event, data }, `With ${texts} in the texts of the event: `);
    }
    return null;
  }

  function errorOf(fault: TemplateFault, event: EventContent, before = ''): TemplateError {
    if (fault.isExcess) isExcessive = true;
    const { line, column, message } = fault;
    return { detail: `${before}${message}`, line, column, eventType: event.type, sample: shownSample(event.data) };
  }

  let isExcessive = false;
  try {
    steps.parsing();
    const template = readTemplate(text);
    inspection.variables = template.variables;
    for (const event of samples) {
      const error = faultWith(template, event);
      if (error !== null) inspection.errors.push(error);
      if (isExcessive || inspection.errors.length === MOST_ERRORS) break;
    }
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    const { message: detail, line, column } = error;
    inspection.errors.push({ detail, line, column, eventType: null, sample: null });
  }
  return inspection;
}

function readTemplate(text: string): ParsedTemplate {
  if (Buffer.byteLength(text) > MAX_TEMPLATE_BYTES) throw new TemplateFault('It is larger than 256 KiB.', null);
  return parseTemplate(text);
}
