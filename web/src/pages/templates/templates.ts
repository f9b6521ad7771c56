import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, dataOf, versionOf } from '../../api/client.ts';
import type { paths } from '../../api/schema.d.ts';

export type Preview = paths['/api/v1/templates/preview']['post']['responses'][200]['content']['application/json'];
export type Variable =
  paths['/api/v1/templates/variables']['get']['responses'][200]['content']['application/json']['items'][number];
export type Preset =
  paths['/api/v1/templates/presets']['get']['responses'][200]['content']['application/json']['items'][number];
export type Webhook = paths['/api/v1/webhooks/{id}']['get']['responses'][200]['content']['application/json'];
export type Exchange = paths['/api/v1/webhooks/test']['post']['responses'][200]['content']['application/json'];
type NewWebhook = paths['/api/v1/webhooks']['post']['requestBody']['content']['application/json'];

/** What a webhook's bodies are made with. */
export interface Draft {
  template: string;
  contentType: string;
}

/** What a template is tried with: the sample of a type, or an event that was published. */
export type Sample = { eventType: string } | { eventId: string };

/** What a template makes of a sample. The last request is the one whose answer counts. */
export function previewQuery({ template, contentType }: Draft, sample: Sample) {
  return queryOptions({
    queryKey: ['templates', 'preview', template, contentType, sample],
    queryFn: ({ signal }) => {
      const body = { template, contentType, ...sample };
      return dataOf(api.POST('/api/v1/templates/preview', { body, signal }));
    },
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    enabled: template !== '',
  });
}

/** What would be sent of a sample without a template. */
export function defaultBodyQuery(sample: Sample, contentType: string) {
  return queryOptions({
    queryKey: ['templates', 'default-body', sample, contentType],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/templates/default-body', { params: { query: { ...sample, contentType } }, signal })),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}

export const variablesQuery = queryOptions({
  queryKey: ['templates', 'variables'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => (await dataOf(api.GET('/api/v1/templates/variables'))).items,
});

export const presetsQuery = queryOptions({
  queryKey: ['templates', 'presets'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => (await dataOf(api.GET('/api/v1/templates/presets'))).items,
});

/** The latest events: one of them may be what a template is tried with. */
export const recentEventsQuery = queryOptions({
  queryKey: ['events', 'recent'],
  queryFn: async ({ signal }) => {
    const params = { query: { limit: 20 } };
    return (await dataOf(api.GET('/api/v1/events', { params, signal }))).items;
  },
});

/** A webhook, and the entity tag of its configuration. It is not read again while its template is being changed. */
export function templateOfQuery(id: string) {
  return queryOptions({
    queryKey: ['webhooks', 'template-of', id],
    queryFn: ({ signal }) => versionOf(api.GET('/api/v1/webhooks/{id}', { params: { path: { id } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}

/** The template of a webhook as it is saved; null where its bodies are made without one. */
export function savedDraft({ payload, contentType }: Webhook): Draft | null {
  return payload.format === 'template' ? { template: payload.template, contentType } : null;
}

/** Saves the template onto the version of the webhook with that tag. */
export async function saveDraft(id: string, { template, contentType }: Draft, etag: string): Promise<void> {
  const params = { path: { id }, header: { 'if-match': etag } };
  // What only other formats have goes (RFC 7396: null removes).
  const payload = { format: 'template', template, identifiers: null, mode: null };
  await dataOf(api.PATCH('/api/v1/webhooks/{id}', { params, body: { payload, contentType } }));
}

/** What a webhook sets for itself, of all that it sends with. */
const SENT_WITH = ['method', 'headers', 'auth', 'signing', 'timeoutMs', 'tls', 'allowInsecureHttp'] as const;

/**
 * Sends a body of the draft as the webhook would, without saving anything. Its secrets are sent where `mayUseSecrets`,
 * which is for administrators.
 */
export function sendDraft(
  webhook: Webhook,
  { template, contentType }: Draft,
  { eventType, mayUseSecrets }: { eventType: string; mayUseSecrets: boolean },
): Promise<Exchange> {
  const { id, name, url, configuredUrl, inherited } = webhook;
  const own = SENT_WITH.filter((setting) => !inherited.includes(setting));
  const body = {
    name,
    ...Object.fromEntries(own.map((setting) => [setting, webhook[setting]])),
    ...(inherited.includes('url') ? {} : { url: configuredUrl ?? url }),
    contentType,
    payload: { format: 'template', template },
  } as NewWebhook;
  const query = { eventType, ...(mayUseSecrets ? { webhookId: id } : {}) };
  return dataOf(api.POST('/api/v1/webhooks/test', { params: { query }, body }));
}

/** For those who have no template yet. */
export const STARTER: Draft = {
  contentType: 'application/json',
  template: `{
  "event": "{{ event_type }}",
  "transfer": "{{ transfer_name }}",
  "status": "{{ status }}",
  "size_mb": {{ total_size_mb }}{% if status == "failed" %},
  "error": "{{ error_message }}"{% endif %}
}
`,
};
