import type { InstanceFacts } from '../payloads/index.ts';
import type { TemplateRenderer } from '../templates/index.ts';
import type { Webhook } from '../webhooks/index.ts';
import type { SentBody } from './handed.ts';
import { sentBody } from './outgoing.ts';

/** What a template made of an event: a body to be sent, or why there is none. */
export type TemplateBody = { body: SentBody; fault: null } | { body: null; fault: string };

/** The template that makes a webhook's bodies, or null where they have one of the given shapes. */
export function templateOf({ config: { payload } }: Webhook): string | null {
  return payload.format === 'template' ? payload.template : null;
}

/** Renders the webhook's template, as it is now, for an event. `data` is JSON text. */
export async function renderTemplateBody(
  webhook: Webhook,
  { template, event }: { template: string; event: { id: string; type: string; occurredAt: number; data: string } },
  { templates, instance }: { templates: Pick<TemplateRenderer, 'render'>; instance: InstanceFacts },
): Promise<TemplateBody> {
  const { method, contentType } = webhook.config;
  const request = { template, contentType, webhook: { name: webhook.record.name }, event };
  const { body, fault } = await templates.render(request, instance);
  return fault === null ? { body: sentBody(method, { contentType, content: body }), fault } : { body: null, fault };
}
