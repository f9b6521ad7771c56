/**
 * Writes docs/events.md from the catalogue of event types. Run it after the catalogue has changed:
 *
 *     node tools/generate-events-doc.ts
 *
 * `test/docs.test.ts` fails while the page is behind the catalogue.
 */
import { writeFileSync } from 'node:fs';
import { EVENT_TYPES, type EventType } from '../src/events/index.ts';
import { renderBody } from '../src/payloads/index.ts';

/** The part of JSON Schema that the catalogue uses. */
interface Schema {
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
}

interface Member {
  /** Names joined by dots; `[]` after an array's. */
  path: string;
  type: string;
  isRequired: boolean;
  description: string;
}

const INTRODUCTION = `# Events

<!-- Written by \`node tools/generate-events-doc.ts\` from the catalogue in src/events/. Change that, not this page. -->

An event is published with \`POST /api/v1/events\`, or with \`node bin/waybill.js events publish\`:

\`\`\`json
{ "type": "order.shipped", "occurredAt": "2023-09-15T14:22:33Z", "data": { "order": 7 } }
\`\`\`

- \`type\`: one of the types below, or a name of your own: two or more words of lower-case letters, digits and \`_\`, joined
  by dots. A name of your own begins with a word that no type below begins with.
- \`occurredAt\`: RFC 3339. Left out, it is the moment of publishing.
- \`data\`: an object. For a type of your own it may hold anything; for a built-in type, the members below. A required
  member that is missing, or one of another type than named here, refuses the event with a pointer to it. Members that
  are not named here are kept.

A webhook chooses event types by name, by family (\`transfer.*\`) or all (\`*\`, or an empty list). \`*\` covers everything
but \`webhook.test\`.

What a receiver gets is not \`data\` itself but a **body** made of it. In the format \`standard\` that is
\`{ "type", "timestamp", "data" }\` for every type; the format \`default\` is shown with each type. Where the two differ,
\`default\` is the body that GoMFT (transfers and schedules) or MFT Gateway (messages and receipts) documents, for
receivers that were written for one of them. [payloads.md](payloads.md) has the other formats, and all of them as XML.

In the tables, *required* means: required where the object around it is there.

\`GET /api/v1/event-types\` lists all types, with a sample of each.
`;

const OWN_INTRODUCTION = `## Events about Waybill itself

Only Waybill publishes these. An event about a webhook is never sent to that webhook. \`certificate.expiring\` is
published 30, 7 and 1 days before a certificate in use ends.
`;

const OCCURRED_AT = Date.UTC(2023, 8, 15, 14, 22, 33);
const EVENT_ID = 'evt_01hacz5y2qe0a8rj2sr4x0h6wd';
const INSTANCE = {
  name: 'Waybill',
  email: '',
  tenantId: 100_000_000_000_001,
  bucketName: 'waybill',
  environment: 'production',
};

/** The whole page, as Markdown. */
export function eventsDocument(): string {
  const published = groupsOf(EVENT_TYPES.filter((entry) => !entry.reserved));
  const own = groupsOf(EVENT_TYPES.filter((entry) => entry.reserved));
  return [
    INTRODUCTION,
    '## Events that you may publish\n',
    ...published.map(groupSection),
    OWN_INTRODUCTION,
    ...own.map(groupSection),
  ].join('\n');
}

/** Types that share the schema of their data, in the catalogue's order. */
function groupsOf(entries: readonly EventType[]): EventType[][] {
  return [...Map.groupBy(entries, (entry) => entry.data).values()];
}

function groupSection(entries: readonly EventType[]): string {
  const example = fullest(entries);
  return [
    `### ${entries.map((entry) => `\`${entry.type}\``).join(', ')}`,
    '',
    ...entries.map((entry) => `- \`${entry.type}\`: ${entry.description}`),
    '',
    ...table(membersOf(example.data as Schema)),
    '',
    `\`data\` of a \`${example.type}\`:`,
    '',
    ...jsonBlock(example.sample),
    '',
    'Its body in the format `default`:',
    '',
    ...jsonBlock(JSON.parse(defaultBodyOf(example))),
    '',
  ].join('\n');
}

/** The type whose sample says most. */
function fullest(entries: readonly EventType[]): EventType {
  const lengthOf = (entry: EventType): number => JSON.stringify(entry.sample).length;
  return entries.reduce((best, entry) => (lengthOf(entry) > lengthOf(best) ? entry : best));
}

function defaultBodyOf({ type, sample }: EventType): string {
  const event = { id: EVENT_ID, type, occurredAt: OCCURRED_AT, data: sample };
  return renderBody(event, { payload: { format: 'default' }, contentType: 'application/json' }, INSTANCE).content;
}

function membersOf(schema: Schema, prefix = ''): Member[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = `${prefix}${name}`;
    const { description = '' } = member;
    const inner = member.items === undefined ? membersOf(member, `${path}.`) : membersOf(member.items, `${path}[].`);
    return [{ path, type: typeOf(member), isRequired: required.has(name), description }, ...inner];
  });
}

function typeOf({ type, items }: Schema): string {
  const types = [type ?? 'any'].flat().join(' or ');
  return items === undefined ? types : `${types} of ${typeOf(items)}s`;
}

function table(members: readonly Member[]): string[] {
  return [
    '| member | type | required | meaning |',
    '| --- | --- | --- | --- |',
    ...members.map(
      ({ path, type, isRequired, description }) =>
        `| \`${path}\` | ${type} | ${isRequired ? 'yes' : ''} | ${description} |`,
    ),
  ];
}

function jsonBlock(value: unknown): string[] {
  return ['```json', JSON.stringify(value, null, 2), '```'];
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL('../docs/events.md', import.meta.url), eventsDocument());
}
