import { parentPort } from 'node:worker_threads';
import { systemClock } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { JsonObject } from '../kernel/json.ts';
import { inspectTemplate } from './inspection.ts';
import { TemplateFault } from './language.ts';
import {
  type FromTemplates,
  LIMIT_MS,
  PARSING_MS,
  type PackedRendered,
  type PackedRendering,
  RENDERING_MS,
  STEP,
  TASK,
  type TemplateThreadSettings,
  type ToTemplates,
} from './protocol.ts';
import { renderTemplate, templateOf } from './rendering.ts';
import { isReadyFor, prepareFor } from './well-formed.ts';

/** How many bodies go back in one message. */
const MOST_TOGETHER = 64;

/** The body of a thread that renders templates: somebody else's programs, which can reach nothing from here. */
export function runTemplateThread({ progress }: TemplateThreadSettings): void {
  const at = new Int32Array(progress);
  let done = nothingDone();
  let work = Promise.resolve();

  function step(limitMs: number): void {
    Atomics.store(at, LIMIT_MS, limitMs);
    Atomics.add(at, STEP, 1);
  }
  const steps = { parsing: () => step(PARSING_MS), rendering: () => step(RENDERING_MS) };

  function sendDone(): void {
    if (done.rendered.length + done.inspected.length + done.faults.length > 0) parentPort?.postMessage(done);
    done = nothingDone();
  }

  function perform(number: number, act: () => void): void {
    Atomics.store(at, TASK, number);
    try {
      act();
    } catch (error) {
      done.faults.push({ number, message: messageOf(error) });
    }
    Atomics.store(at, TASK, 0);
  }

  function render(packed: PackedRendering, { templates, instance }: ToTemplates): PackedRendered {
    const [number, index, contentType, webhookName, id, type, occurredAt, data] = packed;
    try {
      steps.parsing();
      const template = templateOf(templates[index] as string);
      const event = { id, type, occurredAt, data: JSON.parse(data) as JsonObject };
      steps.rendering();
      const startedAt = systemClock.monotonicMs();
      const { body, fault } = renderTemplate(
        template,
        { event, webhook: { name: webhookName }, instance },
        contentType,
      );
      const tookMs = systemClock.monotonicMs() - startedAt;
      return fault === null ? [number, body, null, false, tookMs] : unrendered(number, fault, tookMs);
    } catch (error) {
      // A template that could be read when it was saved, and by a later version cannot.
      if (error instanceof TemplateFault) return unrendered(number, error, 0);
      throw error;
    }
  }

  async function take(message: ToTemplates): Promise<void> {
    const { renderings, inspections, instance } = message;
    for (const packed of renderings) {
      if (!isReadyFor(packed[2])) await prepareFor(packed[2]);
      perform(packed[0], () => done.rendered.push(render(packed, message)));
      if (done.rendered.length === MOST_TOGETHER) sendDone();
    }
    for (const { number, request } of inspections) {
      if (!isReadyFor(request.contentType)) await prepareFor(request.contentType);
      perform(number, () => {
        const inspection = inspectTemplate(request, instance, { steps, clock: systemClock });
        done.inspected.push({ number, inspection });
      });
    }
    sendDone();
  }

  parentPort?.on('message', (message: ToTemplates) => {
    work = work.then(() => take(message));
  });
}

function nothingDone(): FromTemplates {
  return { rendered: [], inspected: [], faults: [] };
}

function unrendered(
  number: number,
  { message, line, column, isExcess }: TemplateFault,
  tookMs: number,
): PackedRendered {
  const place = line === null ? '' : ` (line ${line}, column ${column} of the template)`;
  return [number, null, `${message}${place}`, isExcess, tookMs];
}
