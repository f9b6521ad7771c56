/**
 * Writes docs/templates.md from the tables of variables and presets. Run it after one of them has changed:
 *
 *     node tools/generate-templates-doc.ts
 *
 * `test/docs.test.ts` fails while the page is behind them.
 */
import { writeFileSync } from 'node:fs';
import { memberVariables } from '../src/templates/known-variables.ts';
import { PRESETS } from '../src/templates/presets.ts';
import { ALWAYS, GOMFT_NAMES, MFT_GATEWAY_NAMES, SHORT_NAMES, type Variable } from '../src/templates/variables.ts';

const INTRODUCTION = `# Templates

<!-- Written by \`node tools/generate-templates-doc.ts\` from the tables in src/templates/. Change those, not this page. -->

With \`payload\` \`{ "format": "template", "template": "…" }\` a webhook's bodies are what its own template makes of each event:

\`\`\`json
{
  "alert": {
    "type": "{{event_type}}",
    "environment": "{{environment}}",
    "details": { "transfer_name": "{{transfer_name}}", "size_mb": {{total_size_mb}} }{% if status == "failed" %},
    "error": "{{error_message}}"{% endif %}
  }
}
\`\`\`

\`contentType\` may then be any media type. The language is [Liquid](https://shopify.github.io/liquid/): \`{{ name | filter }}\`,
\`{% if %}\`, \`{% for %}\`, \`{% assign %}\` and so on. Words of Jinja are understood too: the filters \`upper\`, \`lower\`, \`length\`
and \`tojson\`, the tags \`elif\` and \`set\`, and \`{# comments #}\`. A template stands alone: there is no \`include\`, \`render\`, \`layout\`,
\`block\`, \`liquid\` and \`tablerow\`. It may have 256 KiB, and what it makes 1 MiB.

## Where a value stands

No value can end what it stands in. How it is written depends on \`contentType\` and on where it stands:

| content type | a value is written |
| --- | --- |
| \`application/json\`, \`…/json\`, \`…+json\` | inside of quotes: as the content of a string. Outside: numbers, \`true\`, \`false\`, objects and arrays as JSON |
| \`application/xml\`, \`…/xml\`, \`…+xml\` | as text, in elements, attributes of either quotes, CDATA sections and comments. What XML cannot hold is U+FFFD |
| \`application/x-www-form-urlencoded\` | percent-encoded |
| any other | as it is |

- A value that is missing is nothing inside of quotes, and \`null\` outside of them; nothing where the body is not JSON.
- Text brings no quotes of its own. In JSON, \`"name": {{ transfer_name }}\` breaks the document and is refused: write
  \`"name": "{{ transfer_name }}"\` or \`"name": {{ transfer_name | tojson }}\`.
- Objects and arrays are JSON wherever they stand: \`"text": "{{ transfer }}"\` holds JSON inside of a string.
- What \`{% capture %}\` or \`{% set %}\` gathers is text like any other. \`| raw\` writes a value as it is; of a value that comes with an
  event that is refused, because it could break the document.

## When it is checked

On save the template is rendered for a sample of every event type that the webhook subscribes to, as it is and with
hostile texts in it (quotes, backslashes, line breaks, \`]]>\`, control characters, emoji, ten thousand characters), and the
result is read as JSON or XML. What fails is refused with \`template_invalid\`, with line and column, the event type and the
sample that broke it. A name that nothing has is no reason to refuse: the answer's \`warnings\` name it, with the known name
that is nearest.

\`POST /api/v1/templates/preview\` shows the same without saving, for a sample (\`eventType\`), an event that was published
(\`eventId\`), or one in the request (\`event\`):

\`\`\`sh
node bin/waybill.js templates preview --file alert.liquid --event-type transfer.failed
\`\`\`

\`GET /api/v1/templates/default-body\` has what is sent of the same sample or event without a template. The page shows where
the two differ, line by line.

An event may still hold what no sample did. A template that then fails, takes longer than 200 ms, or makes no valid document
ends that delivery as \`exhausted\` with \`template_error\` and the reason; nothing is sent in its place. After a correction it
is sent by a retry or a replay. The bytes of a delivery's first attempt go out on every later one, whatever the template
is by then; a replay has \`"body": "rendered"\` for today's template and \`"exact"\` for the bytes that were sent before.

Templates run in threads of their own, which can reach neither files nor the network, are ended 250 ms after a rendering
began, and hold no other webhook up.
`;

const PRESETS_INTRODUCTION = `## Presets

\`GET /api/v1/templates/presets\` and \`node bin/waybill.js templates presets\` have templates to start from. They are tested against
our reading of what each service documents, not against the service itself.
`;

/** The whole page, as Markdown. */
export function templatesDocument(): string {
  return [
    INTRODUCTION,
    '## Variables\n',
    'Where a name is in more than one table, the default body of the event has it first. `GET /api/v1/templates/variables` has them all.\n',
    section('For every event', ALWAYS),
    section('Short names', SHORT_NAMES),
    membersSection(),
    section("GoMFT's tree", GOMFT_NAMES),
    section("MFT Gateway's names", MFT_GATEWAY_NAMES),
    PRESETS_INTRODUCTION,
    ...table(
      ['preset', 'service', 'what it makes'],
      PRESETS.map(({ id, name, description }) => [`\`${id}\``, name, description]),
    ),
    '',
  ].join('\n');
}

function section(heading: string, variables: readonly Variable[]): string {
  const rows = variables.map(({ name, meaning }) => [`\`${name}\``, meaning]);
  return [`### ${heading}`, '', ...table(['name', 'value'], rows), ''].join('\n');
}

function membersSection(): string {
  const rows = memberVariables().map(({ name, meaning, types }) => [`\`${name}\``, meaning, familiesOf(types)]);
  return [
    '### Members of events',
    '',
    'Every member of `data`, also one that is not named here. The default body of `transfer.*` and `schedule.*` has `transfer` and `schedule`.',
    '',
    ...table(['name', 'value', 'event types'], rows),
    '',
  ].join('\n');
}

function familiesOf(types: readonly string[]): string {
  return [...new Set(types.map((type) => `\`${type.slice(0, type.indexOf('.'))}.*\``))].join(', ');
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)];
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL('../docs/templates.md', import.meta.url), templatesDocument());
}
