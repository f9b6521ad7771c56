import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { expect, test } from 'vitest';
import { EVENT_TYPES } from '../src/events/index.ts';
import type { JsonObject } from '../src/kernel/json.ts';
import { type PayloadChoice, renderBody } from '../src/payloads/index.ts';

const SCHEMA = XsdValidator.fromDoc(
  XmlDocument.fromBuffer(readFileSync(join(import.meta.dirname, '../docs/event.xsd'))),
);
const INSTANCE = { name: 'Acme', email: 'a@acme.example', tenantId: 1, bucketName: 'b', environment: 'production' };

function validate(type: string, data: JsonObject, payload: PayloadChoice): void {
  const event = { id: 'evt_1', type, occurredAt: Date.parse('2023-09-15T14:22:33Z'), data };
  const { content } = renderBody(event, { payload, contentType: 'application/xml' }, INSTANCE);
  using document = XmlDocument.fromString(content);
  SCHEMA.validate(document);
}

test.each(EVENT_TYPES.map(({ type, sample }) => [type, sample] as const))(
  'docs/event.xsd holds for a body of %s as XML',
  (type, sample) => {
    validate(type, sample, { format: 'default' });
    validate(type, sample, { format: 'standard' });
  },
);

test('docs/event.xsd holds for what has members of its own, nulls and keys that are no names', () => {
  const transfer = { id: 1, name: 'n', duration_seconds: null, '2nd try': true, more: [{ a: 1 }, null] };
  validate('transfer.completed', { transfer }, { format: 'default' });
  validate('order.shipped', { id: { deep: [] }, name: null }, { format: 'standard' });
});

test('docs/event.xsd refuses a body that is none', () => {
  expect(() =>
    validate('transfer.completed', { transfer: { duration_seconds: 'long' } }, { format: 'default' }),
  ).toThrow(/duration_seconds/);
  using document = XmlDocument.fromString('<events/>');
  expect(() => SCHEMA.validate(document)).toThrow(/events/);
});
