import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { type FieldError, Refusal } from '../kernel/errors.ts';
import { parseInstant } from '../kernel/instants.ts';
import { escapeMember } from '../kernel/json.ts';

/** Values are taken as they are: nothing dropped, nothing turned into another type, nothing filled in. */
const ajv = new Ajv2020({
  allErrors: true,
  discriminator: true,
  removeAdditional: false,
  useDefaults: false,
  coerceTypes: false,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allowUnionTypes: true,
});
ajv.addFormat('date-time', (text: string) => parseInstant(text) !== null);

const MAX_ERRORS = 20;
const WHOLE_NUMBER = /^-?\d+$/;

/** Faults of form, answered with 400; any other is a value that cannot be accepted, 422. */
const FORM_KEYWORDS = new Set(['type', 'required', 'additionalProperties', 'unevaluatedProperties', 'propertyNames']);

/**
 * A check of a value against a JSON Schema, compiled at first use: a server must not wait at start-up for schemas that
 * nobody may ask for. Returns null, or the refusal that names every field at fault.
 */
export function createCheck(schema: object, part: 'body' | 'query'): (value: unknown) => Refusal | null {
  let validate: ValidateFunction | null = null;
  return (value) => {
    validate ??= ajv.compile(schema);
    if (part === 'query') readNumbers(schema, value as Record<string, unknown>);
    return validate(value) ? null : refusalOfErrors(validate.errors ?? [], part);
  };
}

/**
 * Query parameters arrive as text, so whole numbers are read out of it, as people write them. What JavaScript would also
 * take for one, such as `0x10` or `1e2`, stays text, and is refused as that.
 */
function readNumbers(
  { properties = {} }: { properties?: Record<string, { type?: unknown }> },
  query: Record<string, unknown>,
): void {
  for (const [name, { type }] of Object.entries(properties)) {
    const text = query[name];
    if (type === 'integer' && typeof text === 'string' && WHOLE_NUMBER.test(text)) query[name] = Number(text);
  }
}

function refusalOfErrors(found: readonly ErrorObject[], part: 'body' | 'query'): Refusal {
  const own = found.filter((error) => error.keyword !== 'if' && error.keyword !== 'oneOf');
  const ofForm = own.filter(isFormError);
  const shown = (ofForm.length > 0 ? ofForm : own).slice(0, MAX_ERRORS);
  const status = ofForm.length > 0 || part === 'query' ? 400 : 422;
  return refusalOfFields(
    shown.map((error) => fieldError(error, part)),
    status,
  );
}

/** The refusal (422) of a body with numbers that cannot be kept as they are. */
export function refusalOfNumbers(numbers: readonly FieldError[]): Refusal {
  return refusalOfFields(numbers.slice(0, MAX_ERRORS), 422);
}

/** The refusal (400) of a body that nests deeper than so many levels, at the place where it does. */
export function refusalOfDepth(pointer: string, levels: number): Refusal {
  const detail = `Objects and arrays nest at most ${levels} levels deep. Send what lies deeper as text.`;
  return refusalOfFields([{ pointer, detail }], 400);
}

function refusalOfFields(errors: readonly FieldError[], status: 400 | 422): Refusal {
  const detail =
    errors.length === 1
      ? `${errors[0]?.pointer || 'The body'}: ${errors[0]?.detail}`
      : `${errors.length} fields are not as they must be; see errors.`;
  return new Refusal('validation_failed', detail, { status, errors });
}

function isFormError(error: ErrorObject): boolean {
  if (error.keyword === 'discriminator') return error.params.error === 'tag';
  return FORM_KEYWORDS.has(error.keyword);
}

function fieldError(error: ErrorObject, part: 'body' | 'query'): FieldError {
  const pointer = `${error.instancePath}${memberOf(error)}`;
  return { pointer: part === 'query' ? `?${pointer.slice(1)}` : pointer, detail: detailOf(error) };
}

/** The member that is missing or not known, as the rest of a JSON pointer (RFC 6901 §3). */
function memberOf(error: ErrorObject): string {
  const { missingProperty, additionalProperty, propertyName, tag } = error.params as Record<string, unknown>;
  const name =
    missingProperty ?? additionalProperty ?? propertyName ?? (error.keyword === 'discriminator' ? tag : null);
  if (typeof name !== 'string') return '';
  return `/${escapeMember(name)}`;
}

function detailOf(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return 'This member is required.';
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return 'There is no such member here. Check its spelling, or leave it out.';
    case 'type':
      return `Must be ${[params.type].flat().join(' or ')}.`;
    case 'enum':
      return `Must be one of ${(params.allowedValues as unknown[]).map((value) => JSON.stringify(value)).join(', ')}.`;
    case 'const':
      return `Must be ${JSON.stringify(params.allowedValue)}.`;
    case 'discriminator':
      return params.error === 'tag' ? 'This member is required, as a string.' : 'There is no such kind.';
    case 'format':
      return 'Must be an RFC 3339 date and time, such as 2026-01-31T12:00:00Z.';
    case 'pattern':
      return `Must match ${String(params.pattern)}.`;
    default:
      return `${(error.message ?? 'is not valid').replace(/^must/, 'Must')}.`;
  }
}
