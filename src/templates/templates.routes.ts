import { type Api, Instant, nullable, strictObject } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { JsonObject } from '../kernel/json.ts';
import { Type } from '../kernel/type.ts';
import type { InstanceFacts } from '../payloads/index.ts';
import { onlyOnce, type Store } from '../store/index.ts';
import { documentedVariables, VARIABLE_GROUPS } from './known-variables.ts';
import { MAX_TEMPLATE_BYTES } from './limits.ts';
import { PRESETS } from './presets.ts';
import { defaultBodyOf, type Preview, previewTemplate } from './previews.ts';
import type { TemplateRenderer } from './renderer.ts';
import { TemplateErrorSchema, UnknownVariableSchema } from './templates.schemas.ts';
import { keepPreview } from './templates.store.ts';

interface Dependencies {
  store: Store;
  templates: Pick<TemplateRenderer, 'inspect'>;
  clock: Clock;
  instance: () => InstanceFacts;
}

const PreviewBody = strictObject({
  template: Type.String({ minLength: 1, maxLength: MAX_TEMPLATE_BYTES, description: 'Liquid, at most 256 KiB.' }),
  contentType: Type.Optional(Type.String({ maxLength: 200, description: '`application/json` where it is left out.' })),
  eventType: Type.Optional(Type.String({ maxLength: 200, description: 'Render it for the sample of this type,' })),
  eventId: Type.Optional(Type.String({ maxLength: 200, description: 'or for this event that was published,' })),
  event: Type.Optional(
    strictObject(
      {
        type: Type.String({ maxLength: 200 }),
        occurredAt: Type.Optional(Instant),
        data: Type.Unsafe<JsonObject>({ type: 'object' }),
      },
      { description: 'or for this one, which is not published. Exactly one of the three.' },
    ),
  ),
});

const DefaultBodyQuery = strictObject({
  eventType: Type.Optional(Type.String({ maxLength: 200, description: 'Of the sample of this type,' })),
  eventId: Type.Optional(
    Type.String({ maxLength: 200, description: 'or of this event that was published. Exactly one of the two.' }),
  ),
  contentType: Type.Optional(
    Type.String({ maxLength: 200, description: 'XML where this is a media type of XML, JSON otherwise.' }),
  ),
});

const PreviewAnswer = Type.Unsafe<Preview>(
  Type.Object({
    body: nullable(Type.String({ description: 'As it would be sent; also one that is no valid document.' })),
    valid: Type.Boolean({ description: 'Whether it makes a valid document, with hostile texts in the event too.' }),
    errors: Type.Array(TemplateErrorSchema),
    variables: Type.Array(Type.String(), { description: 'The names that the template uses.' }),
    unknownVariables: Type.Array(UnknownVariableSchema, { description: 'Those of them that nothing has.' }),
  }),
);

const PresetSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  contentType: Type.String(),
  template: Type.String(),
});

const VariableSchema = Type.Object({
  name: Type.String(),
  meaning: Type.String({ description: 'In Markdown; may be empty.' }),
  group: Type.Enum([...VARIABLE_GROUPS], {
    description:
      '`always`: there with every event; `short`: a flat name; `data`: a member of the data of built-in types; `gomft` and `mft_gateway`: a name of that program.',
  }),
  types: nullable(Type.Array(Type.String(), { description: 'The built-in types that have it, where not all may.' })),
});

const tags = ['Templates'];

/** Templates as people write them: what one makes of an event, and some to start from. */
export function templateRoutes(api: Api, dependencies: Dependencies): void {
  api.post(
    '/api/v1/templates/preview',
    {
      config: { role: 'operator', problems: ['unknown_event_type', 'rate_limited'] },
      schema: {
        summary: 'Render a template for an event; one that does not hold is answered, not refused',
        tags,
        body: PreviewBody,
        response: { 200: PreviewAnswer },
      },
    },
    async ({ body, once }) => {
      if (once === null) return previewTemplate(dependencies, body);
      const { aside } = await onlyOnce(dependencies.store, keepPreview, once, async () => ({
        input: null,
        aside: await previewTemplate(dependencies, body),
      }));
      return aside;
    },
  );

  api.get(
    '/api/v1/templates/default-body',
    {
      config: { role: 'viewer', problems: ['unknown_event_type', 'validation_failed'] },
      schema: {
        summary: 'Show what a webhook without a template sends of an event, to compare with what a template makes',
        tags,
        querystring: DefaultBodyQuery,
        response: { 200: Type.Object({ contentType: Type.String(), content: Type.String() }) },
      },
    },
    async ({ query }) => defaultBodyOf(dependencies, query),
  );

  api.get(
    '/api/v1/templates/presets',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the templates that Waybill comes with, all on one page',
        tags,
        response: { 200: Type.Object({ items: Type.Array(PresetSchema), next: Type.Null() }) },
      },
    },
    async () => ({ items: [...PRESETS], next: null }),
  );

  api.get(
    '/api/v1/templates/variables',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the names that templates may use, all on one page',
        tags,
        response: { 200: Type.Object({ items: Type.Array(VariableSchema), next: Type.Null() }) },
      },
    },
    async () => ({ items: documentedVariables(), next: null }),
  );
}
