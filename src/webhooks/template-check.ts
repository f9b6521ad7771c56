import type { InstanceFacts } from '../payloads/index.ts';
import { checkTemplate, type TemplateRenderer, type UnknownVariable } from '../templates/index.ts';
import type { WebhookConfig } from './webhook.ts';

/** What of a webhook's settings in force a template has to go with. */
export type TemplateSettings = Pick<WebhookConfig<unknown>, 'payload' | 'contentType' | 'eventTypes'>;

export interface TemplateChecks {
  templates: Pick<TemplateRenderer, 'inspect'>;
  /** Who this instance says it is now. */
  instance: () => InstanceFacts;
}

/**
 * Refuses (422 `template_invalid`) a template in force that does not hold for what the webhook subscribes to. Returns the
 * names in it that nothing has; null where there is no template, and where nothing has changed since it was tried.
 */
export async function checkTemplateInForce(
  { payload, contentType, eventTypes }: TemplateSettings,
  { name, before }: { name: string; before: TemplateSettings | null },
  { templates, instance }: TemplateChecks,
): Promise<UnknownVariable[] | null> {
  if (payload.format !== 'template') return null;
  if (before !== null && isSameUse({ payload, contentType, eventTypes }, before)) return null;
  const use = { template: payload.template, contentType, eventTypes, webhook: { name } };
  return checkTemplate(templates, use, instance());
}

/** Whether a template that was tried with the one settings is in the same place in the others. Pure. */
export function isSameUse(a: TemplateSettings, b: TemplateSettings): boolean {
  return keyOf(a) === keyOf(b);
}

function keyOf({ payload, contentType, eventTypes }: TemplateSettings): string {
  return JSON.stringify([payload.format === 'template' ? payload.template : null, contentType, eventTypes]);
}
