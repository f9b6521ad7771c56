import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { TestServer } from '../harness/server.ts';

export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

type Schema = Record<string, unknown>;
interface Media {
  schema: Schema;
}
interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
}
interface Response {
  description: string;
  headers?: Record<string, object>;
  content?: Record<string, Media>;
}
interface Described {
  summary: string;
  tags: string[];
  security: { apiKey: Role[] }[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, Media> };
  responses: Record<string, Response>;
}

/** One operation as the document describes it, with everything that it refers to in its place. */
export interface Operation extends Described {
  /** As in `POST /api/v1/webhooks/{id}/pause`. */
  name: string;
  method: string;
  path: string;
  /** Who may call it; null: anyone, without a key. */
  role: Role | null;
  /** What the answer to a request that succeeds has for a status. */
  success: number;
}

/** The OpenAPI document of a server, ready to be asked. */
export interface ApiDescription {
  operations: Operation[];
  find(name: string): Operation;
  /** Fails unless the body is what the document says an answer with that status is, with no member that it does not tell of. */
  expectAsDescribed(operation: Operation, status: number, body: unknown): void;
}

export async function readDescription(server: TestServer): Promise<ApiDescription> {
  const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Described>>;
  };
  const paths = resolved(document.paths, document) as typeof document.paths;
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, described]) => toOperation(method.toUpperCase(), path, described)),
  );
  const validators = new Map<object, ValidateFunction>();
  const ajv = new Ajv2020({ strict: false, allErrors: true, discriminator: false });
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  function validatorOf(schema: Schema): ValidateFunction {
    const known = validators.get(schema) ?? ajv.compile(closed(schema) as Schema);
    validators.set(schema, known);
    return known;
  }

  return {
    operations,
    find(name) {
      const found = operations.find((operation) => operation.name === name);
      if (found === undefined)
        throw new Error(`The document does not describe ${name}, which the table of examples has.`);
      return found;
    },
    expectAsDescribed({ name, responses }, status, body) {
      const response = responses[status];
      const what = `${name} → ${status}`;
      if (response === undefined) throw new Error(`${what} is not among the responses that the document names.`);
      const [media] = Object.values(response.content ?? {});
      if (media === undefined) {
        expect(body, `${what} is described as having no body`).toBeNull();
        return;
      }
      const validate = validatorOf(media.schema);
      const isValid = validate(body);
      const faults = (validate.errors ?? []).map(
        ({ instancePath, message, params }) => `${instancePath || 'the body'} ${message} ${JSON.stringify(params)}`,
      );
      expect(faults, `${what}: the body is not as the document describes it: ${JSON.stringify(body)}`).toEqual([]);
      expect(isValid).toBe(true);
    },
  };
}

function toOperation(method: string, path: string, described: Described): Operation {
  const name = `${method} ${path}`;
  const successes = Object.keys(described.responses).filter((status) => status.startsWith('2'));
  expect(successes, `${name} must describe the one answer of a request that succeeds`).toHaveLength(1);
  expect(described.security, `${name} must say which role it needs`).toBeInstanceOf(Array);
  const role = described.security[0]?.apiKey[0] ?? null;
  return { ...described, name, method, path, role, success: Number(successes[0]) };
}

/** The value with each `$ref` replaced by what it refers to inside the document. */
function resolved(value: unknown, document: object): unknown {
  if (Array.isArray(value)) return value.map((item) => resolved(item, document));
  if (typeof value !== 'object' || value === null) return value;
  if ('$ref' in value) return resolved(target(String(value.$ref), document), document);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolved(member, document)]));
}

function target(reference: string, document: object): unknown {
  let found: unknown = document;
  for (const part of reference.slice('#/'.length).split('/')) found = (found as Record<string, unknown>)?.[part];
  if (found === undefined) throw new Error(`The document refers to ${reference}, which it does not have.`);
  return found;
}

/** The schema with all objects that name their members closed to others. Parts of an `allOf` are closed as a whole. */
function closed(schema: unknown, isPart = false): unknown {
  if (Array.isArray(schema)) return schema.map((item) => closed(item, isPart));
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy: Schema = {};
  for (const [keyword, value] of Object.entries(schema)) copy[keyword] = closedBelow(keyword, value);
  const namesMembers = 'properties' in copy || 'allOf' in copy;
  return isPart || !namesMembers || 'additionalProperties' in copy ? copy : { ...copy, unevaluatedProperties: false };
}

function closedBelow(keyword: string, value: unknown): unknown {
  switch (keyword) {
    case 'properties':
      return Object.fromEntries(Object.entries(value as object).map(([name, member]) => [name, closed(member)]));
    case 'items':
    case 'anyOf':
    case 'oneOf':
    case 'additionalProperties':
      return closed(value);
    case 'allOf':
      return closed(value, true);
    default:
      return value;
  }
}
