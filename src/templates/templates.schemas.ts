import { nullable } from '../http/index.ts';
import type { JsonObject } from '../kernel/json.ts';
import { Type } from '../kernel/type.ts';

/** A name in a template that nothing has. */
export const UnknownVariableSchema = Type.Object({
  name: Type.String(),
  nearest: nullable(Type.String({ description: 'The known name that was probably meant; null when none is near.' })),
});

/** A `TemplateFieldError`. */
export const TemplateErrorSchema = Type.Object({
  pointer: Type.String({ description: 'Where a webhook has it: `/payload/template`.' }),
  detail: Type.String(),
  line: nullable(Type.Integer({ description: 'Of the template, from 1.' })),
  column: nullable(Type.Integer({ description: 'From 1.' })),
  eventType: nullable(Type.String({ description: 'With what type of event it shows.' })),
  sample: Type.Unsafe<JsonObject | null>({
    type: ['object', 'null'],
    description: 'With what data of the event it shows, long texts cut.',
  }),
});
