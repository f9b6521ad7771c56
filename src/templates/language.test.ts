import { describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../events/index.ts';
import { defaultBody } from '../payloads/index.ts';
import { grammarOf } from './grammar.ts';
import { unknownVariables } from './known-variables.ts';
import { parseTemplate, TemplateFault } from './language.ts';
import { renderTemplate } from './rendering.ts';
import { scopeOf } from './scope.ts';
import { ALWAYS, GOMFT_NAMES, MFT_GATEWAY_NAMES, SHORT_NAMES } from './variables.ts';

const instance = { name: 'Acme', email: 'a@acme.example', tenantId: 1, bucketName: 'b', environment: 'staging' };

function eventOf(type: string, data = EVENT_TYPES.find((entry) => entry.type === type)?.sample ?? {}) {
  const event = { id: 'evt_1', type, occurredAt: Date.UTC(2023, 8, 15, 14, 22, 33), data };
  return { event, webhook: { name: 'ops' }, instance };
}

function render(text: string, scope: object = {}, contentType = 'text/plain'): string {
  return parseTemplate(text).render(scope, grammarOf(contentType)).buffer;
}

function faultOf(act: () => unknown): TemplateFault {
  try {
    act();
  } catch (error) {
    if (error instanceof TemplateFault) return error;
    throw error;
  }
  return expect.fail('There was no fault.');
}

describe('the documented names', () => {
  const everyEvent = EVENT_TYPES.map(({ type }) => eventOf(type));
  const documented = [SHORT_NAMES, ALWAYS, GOMFT_NAMES, MFT_GATEWAY_NAMES].flat().map(({ name }) => name);

  test.each(documented)('%s has a value for some event', (name) => {
    const template = parseTemplate(`{{ ${name} }}`);
    const values = everyEvent.map((of) => renderTemplate(template, of, 'text/plain').body);
    expect(values.filter((value) => value !== '' && value !== null)).not.toEqual([]);
  });

  test.each(everyEvent.map((of) => [of.event.type, of] as const))(
    'cover the default body of %s',
    (_type, { event }) => {
      const members = Object.keys(defaultBody(event, 'both', instance));
      expect(
        unknownVariables(
          members.map((member) => [member]),
          [],
        ),
      ).toEqual([]);
    },
  );

  test('a member of the event does not take the place of a name of ours', () => {
    const of = eventOf('transfer.failed', {
      transfer: { status: 'failed' },
      status: 'x',
      environment: 'x',
      event: 'x',
      webhook: 'x',
    });
    const { body } = renderTemplate(
      parseTemplate('{{status}} {{environment}} {{event.id}} {{webhook.name}}'),
      of,
      'text/plain',
    );
    expect(body).toBe('failed staging evt_1 ops');
  });

  test('an event that compares as text is also an object', () => {
    const text = '{% if event == "Job Completed" %}{{ event }} {{ event.type | upper }} {{ event | json }}{% endif %}';
    const { body } = renderTemplate(parseTemplate(text), eventOf('transfer.completed'), 'text/plain');
    expect(body).toBe('Job Completed TRANSFER.COMPLETED "Job Completed"');
  });
});

describe('what a template cannot reach', () => {
  test.each([
    'constructor',
    '__proto__',
    'toString',
    'data.constructor',
    'data.__proto__.constructor',
    'data["constructor"]["constructor"]',
    'event.constructor',
    'event.__proto__',
    'event.valueOf',
    'event.toJSON',
    'webhook.constructor.name',
    'data.list.constructor',
    'data.text.constructor',
    'data.list.map',
    'process',
    'globalThis',
  ])('{{ %s }} is nothing', (name) => {
    const of = eventOf('order.shipped', { list: [1], text: 'x' });
    expect(renderTemplate(parseTemplate(`[{{ ${name} }}]`), of, 'text/plain').body).toBe('[]');
  });

  test.each(['include', 'render', 'layout', 'block', 'liquid', 'tablerow'])('there is no tag %s', (tag) => {
    expect(faultOf(() => parseTemplate(`a\n {% ${tag} "x" %}`))).toMatchObject({ line: 2, column: 2 });
  });

  test('no counter of one rendering is there in the next', () => {
    const template = parseTemplate('{% increment n %}{% assign a = "x" %}{{ a }}{{ b }}');
    const of = eventOf('order.shipped');
    expect(renderTemplate(template, of, 'text/plain').body).toBe('0x');
    expect(renderTemplate(template, of, 'text/plain').body).toBe('0x');
  });
});

describe('limits', () => {
  test.each([
    [
      'loops in loops',
      '{% for a in (1..3000) %}{% for b in (1..3000) %}{% endfor %}{% endfor %}',
      /longer than 200 ms/,
    ],
    ['a range', '{% for a in (1..99999999) %}{% endfor %}', /memory|200 ms/],
    [
      'doubling by append',
      '{% assign a = "x" %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}',
      /memory|200 ms/,
    ],
    [
      'doubling by capture',
      '{% assign a = "x" %}{% for i in (1..60) %}{% capture a %}{{ a }}{{ a }}{% endcapture %}{% endfor %}',
      /memory|200 ms/,
    ],
    [
      'doubling by replace',
      '{% assign a = "x" %}{% for i in (1..60) %}{% assign a = a | replace: "x", "xx" %}{% endfor %}',
      /memory|200 ms/,
    ],
    ['a wide date', '{{ 0 | date: "%99999999d" }}', /memory/],
    ['output', '{% for i in (1..200000) %}0123456789{% endfor %}', /1 MiB|200 ms/],
  ])('%s is broken off', (_what, text, detail) => {
    expect(faultOf(() => render(text)).message).toMatch(detail);
  });

  test('deep nesting is refused', () => {
    for (const depth of [8_000, 20_000]) {
      const text = `${'{% if true %}'.repeat(depth)}x${'{% endif %}'.repeat(depth)}`;
      expect(faultOf(() => expect(render(text)).toBe('x')).message).toBe('It is nested too deeply.');
    }
  });
});

describe('places', () => {
  test('are those of the template as it was written, comments counted', () => {
    const fault = faultOf(() => parseTemplate('{# one\ntwo #}{# three #}\n  {{ a | nofilter }}'));
    expect(fault).toMatchObject({ line: 3, column: 3, message: 'Undefined filter: nofilter.' });
  });

  test('are of the value that broke the document', () => {
    const text = '{ "a": 1,\n  "b": {{ data.b }},\n  "c": {{ data.c }} }';
    const { fault, body } = renderTemplate(
      parseTemplate(text),
      eventOf('order.shipped', { b: 2, c: 'no' }),
      'application/json',
    );
    expect(fault).toMatchObject({ line: 3, column: 8 });
    expect(body).toBe('{ "a": 1,\n  "b": 2,\n  "c": no }');
  });

  test.each([
    ['{ "a": 1 "b": 2 }', 1, 10],
    ['{ "a":\n 01 }', 2, 3],
    ['[1,\n2,]', 2, 3],
    ['{ "a": "line\nbreak" }', 1, 8],
    ['[1', 1, 3],
    ['{ "a": "\\x" }', 1, 8],
    [`["${'x'.repeat(300_000)}", "\\u12"]`, 1, 300_006],
    ['', 1, 1],
  ])('are of the text that is no JSON: %j', (text, line, column) => {
    const { fault } = renderTemplate(parseTemplate(text), eventOf('order.shipped'), 'application/json');
    expect(fault).toMatchObject({ line, column });
  });
});

test('what opens a hundred thousand comments and closes none is read as text', () => {
  expect(render('{#'.repeat(100_000))).toBe('{#'.repeat(100_000));
});

test('a comment in the manner of Handlebars is not taken for one of ours', () => {
  expect(faultOf(() => parseTemplate('{{#if a}}x{{/if}} #}')).line).toBe(1);
});

test('only the names that a template uses are made', () => {
  expect(Object.keys(scopeOf(eventOf('transfer.failed'), ['status']))).toEqual(['status']);
});
