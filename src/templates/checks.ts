import { type FieldError, Refusal } from '../kernel/errors.ts';
import type { InstanceFacts } from '../payloads/index.ts';
import type { TemplateError } from './inspection.ts';
import { samplesOf, type UnknownVariable, unknownVariables } from './known-variables.ts';
import type { TemplateRenderer } from './renderer.ts';

/** A template as a webhook would use it. */
export interface TemplateUse {
  template: string;
  contentType: string;
  eventTypes: readonly string[];
  webhook: { name: string };
}

/** Where a request has the template of a webhook. */
const POINTER = '/payload/template';

/** What is wrong with a template, as a refusal and a preview tell it. */
export interface TemplateFieldError extends FieldError, TemplateError {}

export function fieldErrors(errors: readonly TemplateError[]): TemplateFieldError[] {
  return errors.map((error) => ({ pointer: POINTER, ...error }));
}

/**
 * Refuses (422 `template_invalid`) a template that does not make a body of its media type from a sample of every event
 * type, hostile texts in it included. Returns the names in it that nothing has.
 */
export async function checkTemplate(
  renderer: Pick<TemplateRenderer, 'inspect'>,
  { template, contentType, eventTypes, webhook }: TemplateUse,
  instance: InstanceFacts,
): Promise<UnknownVariable[]> {
  const samples = samplesOf(eventTypes);
  const { errors, variables } = await renderer.inspect({ template, contentType, webhook, samples }, instance);
  const [first] = errors;
  if (first !== undefined) throw new Refusal('template_invalid', inWords(first), { errors: fieldErrors(errors) });
  return unknownVariables(variables, samples);
}

function inWords({ detail, eventType, line }: TemplateError): string {
  const place = line === null ? '' : `Line ${line}: `;
  return eventType === null ? `${place}${detail}` : `For ${eventType}: ${place}${detail}`;
}
