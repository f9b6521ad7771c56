import { Ajv2020 } from 'ajv/dist/2020.js';
import { XmlDocument } from 'libxml2-wasm';
import { describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../events/index.ts';
import { hostileSamplesOf } from './hostile.ts';
import { unknownVariables } from './known-variables.ts';
import { parseTemplate } from './language.ts';
import { PRESETS, type Preset } from './presets.ts';
import { renderTemplate } from './rendering.ts';
import { prepareFor } from './well-formed.ts';

const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength });
const object = (properties: object, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const plainText = (maxLength: number) => object({ type: { const: 'plain_text' }, text: text(maxLength) });

/** The parts of each service's documented request that the presets use, with the limits that it documents. */
const REQUESTS: Record<string, object> = {
  // Slack, "Sending messages using incoming webhooks" and "Block Kit".
  slack: object({
    text: text(40_000),
    blocks: {
      type: 'array',
      maxItems: 50,
      items: {
        oneOf: [
          object({ type: { const: 'header' }, text: plainText(150) }),
          object({ type: { const: 'section' }, text: plainText(3_000) }),
          object({
            type: { const: 'section' },
            fields: { type: 'array', minItems: 1, maxItems: 10, items: plainText(2_000) },
          }),
        ],
      },
    },
  }),
  // Microsoft, "Create incoming webhooks with Workflows" and the schema of Adaptive Cards 1.4.
  teams: object({
    type: { const: 'message' },
    attachments: {
      type: 'array',
      minItems: 1,
      items: object({
        contentType: { const: 'application/vnd.microsoft.card.adaptive' },
        contentUrl: { type: 'null' },
        content: object({
          $schema: { const: 'http://adaptivecards.io/schemas/adaptive-card.json' },
          type: { const: 'AdaptiveCard' },
          version: { const: '1.4' },
          body: {
            type: 'array',
            items: {
              oneOf: [
                object(
                  {
                    type: { const: 'TextBlock' },
                    text: { type: 'string' },
                    size: { enum: ['Default', 'Small', 'Medium', 'Large', 'ExtraLarge'] },
                    weight: { enum: ['Default', 'Lighter', 'Bolder'] },
                    color: { enum: ['Default', 'Dark', 'Light', 'Accent', 'Good', 'Warning', 'Attention'] },
                    wrap: { type: 'boolean' },
                  },
                  ['type', 'text'],
                ),
                object({
                  type: { const: 'FactSet' },
                  facts: { type: 'array', items: object({ title: { type: 'string' }, value: { type: 'string' } }) },
                }),
              ],
            },
          },
        }),
      }),
    },
  }),
  // Discord, "Execute Webhook", "Embed Object" and "Embed Limits".
  discord: object({
    username: text(80),
    allowed_mentions: object({ parse: { const: [] } }),
    embeds: {
      type: 'array',
      minItems: 1,
      maxItems: 10,
      items: object(
        {
          title: text(256),
          description: text(4_096),
          color: { type: 'integer', minimum: 0, maximum: 0xffffff },
          timestamp: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' },
          fields: {
            type: 'array',
            maxItems: 25,
            items: object({ name: text(256), value: text(1_024), inline: { type: 'boolean' } }),
          },
        },
        ['title'],
      ),
    },
  }),
  // ntfy, "Publish as JSON". A message of more than 4,096 bytes becomes an attachment.
  ntfy: object({
    topic: text(64),
    title: text(250),
    message: text(4_096 / 4),
    priority: { type: 'integer', minimum: 1, maximum: 5 },
    tags: { type: 'array', items: text(50) },
  }),
  // Gotify, "Push messages".
  gotify: object({ title: text(250), message: text(1_024), priority: { type: 'integer', minimum: 0, maximum: 10 } }),
  // PagerDuty, "Send an Alert Event" (Events API v2).
  pagerduty: object({
    routing_key: text(32),
    event_action: { enum: ['trigger', 'acknowledge', 'resolve'] },
    dedup_key: text(255),
    payload: object({
      summary: text(1_024),
      source: text(1_024),
      severity: { enum: ['critical', 'error', 'warning', 'info'] },
      timestamp: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' },
      group: { type: 'string' },
      class: { type: 'string' },
      custom_details: { type: 'object' },
    }),
  }),
};

const instance = { name: 'Acme', email: '', tenantId: 1, bucketName: 'b', environment: 'staging' };

const OF_SERVICES = PRESETS.filter(({ contentType }) => contentType === 'application/json');

describe.each(OF_SERVICES.map((preset) => [preset.id, preset] as const))('%s', (id, { template, contentType }) => {
  const parsed = parseTemplate(template);
  const accepts = new Ajv2020({ strict: false }).compile(REQUESTS[id] as object);

  test('uses only names that there are', () => {
    expect(unknownVariables(parsed.variables, [])).toEqual([]);
  });

  test.each(EVENT_TYPES.map(({ type, sample }) => [type, sample] as const))(
    'makes a request of %s as the service documents it, whatever the texts of the event',
    (type, sample) => {
      for (const data of [sample, ...hostileSamplesOf(sample).map((one) => one.data)]) {
        const event = { id: 'evt_1', type, occurredAt: Date.UTC(2023, 8, 15), data };
        const { body, fault } = renderTemplate(parsed, { event, webhook: { name: 'ops' }, instance }, contentType);
        expect(fault).toBeNull();
        const request: unknown = JSON.parse(body ?? '');
        expect(accepts(request), JSON.stringify([accepts.errors, request])).toBe(true);
      }
    },
  );
});

test('PagerDuty resolves with what succeeds the alert that the failure of the same transfer has set off', () => {
  const parsed = parseTemplate(PRESETS.find(({ id }) => id === 'pagerduty')?.template ?? '');
  const alertOf = (type: string) => {
    const data = EVENT_TYPES.find((entry) => entry.type === type)?.sample ?? {};
    const event = { id: 'evt_1', type, occurredAt: 0, data };
    return JSON.parse(
      renderTemplate(parsed, { event, webhook: { name: 'ops' }, instance }, 'application/json').body ?? '',
    );
  };
  const [failed, completed] = [alertOf('transfer.failed'), alertOf('transfer.completed')];
  expect([failed.event_action, completed.event_action]).toEqual(['trigger', 'resolve']);
  expect(completed.dedup_key).toBe(failed.dedup_key);
});

test.each(EVENT_TYPES.map(({ type, sample }) => [type, sample] as const))(
  'the one in XML makes a document of %s, whatever the texts of the event',
  async (type, sample) => {
    const { template, contentType } = PRESETS.find(({ id }) => id === 'xml') as Preset;
    await prepareFor(contentType);
    const parsed = parseTemplate(template);
    expect(unknownVariables(parsed.variables, [])).toEqual([]);
    for (const data of [sample, ...hostileSamplesOf(sample).map((one) => one.data)]) {
      const event = { id: 'evt_1', type, occurredAt: Date.UTC(2023, 8, 15), data };
      const { body } = renderTemplate(parsed, { event, webhook: { name: 'ops' }, instance }, contentType);
      using document = XmlDocument.fromString(body ?? '');
      expect(document.get('/notification/@type')?.content).toBe(type);
      expect(document.get('/notification/environment')?.content).toBe('staging');
    }
  },
);
