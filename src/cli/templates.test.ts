import { describe, expect, test } from 'vitest';
import { runCommand, standInApi } from './cli-stage.ts';

const good = { body: '{"a":1}', valid: true, errors: [], variables: ['status'], unknownVariables: [] };
const bad = {
  body: null,
  valid: false,
  errors: [
    { pointer: '/payload/template', detail: 'Tag not closed.', line: 2, column: 3, eventType: null, sample: null },
  ],
  variables: [],
  unknownVariables: [
    { name: 'stauts', nearest: 'status' },
    { name: 'zzz', nearest: null },
  ],
};
const presets = {
  items: [
    { id: 'slack', name: 'Slack', description: 'A message.', contentType: 'application/json', template: '{ }\n' },
  ],
  next: null,
};

describe('templates preview', () => {
  test('sends the template, and shows what it makes', async () => {
    await using api = await standInApi({ status: 200, body: good });
    const args = ['templates', 'preview', '--file', '-', '--event-id', 'evt_1', '--content-type', 'text/plain'];
    const outcome = await runCommand(args, { env: api.env, stdin: '{{ status }}' });
    expect(api.calls[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/templates/preview',
      body: { template: '{{ status }}', contentType: 'text/plain', eventId: 'evt_1' },
    });
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(outcome.stdout)).toEqual({ a: 1 });
  });

  test('takes the sample of a completed transfer where no event is named', async () => {
    await using api = await standInApi({ status: 200, body: good });
    await runCommand(['templates', 'preview', '--file', '-'], { env: api.env, stdin: '1' });
    expect(api.calls[0]?.body).toEqual({
      template: '1',
      contentType: 'application/json',
      eventType: 'transfer.completed',
    });
  });

  test('tells what is wrong and where, and exits with 1', async () => {
    await using api = await standInApi({ status: 200, body: bad });
    const args = ['templates', 'preview', '--file', '-', '--event-type', 'transfer.failed'];
    const outcome = await runCommand(args, { env: api.env, stdin: '{% if' });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toContain('error: line 2, column 3: Tag not closed.');
    expect(outcome.stdout).toContain('warning: nothing has the name stauts; was status meant?');
    expect(outcome.stdout).toContain('warning: nothing has the name zzz\n');
    const asJson = await runCommand([...args, '--json'], { env: api.env, stdin: '{% if' });
    expect([asJson.exitCode, JSON.parse(asJson.stdout)]).toEqual([1, bad]);
  });

  test.each([
    ['no file', []],
    ['a type and an event', ['--file', '-', '--event-type', 'a.b', '--event-id', 'evt_1']],
    ['a file that there is not', ['--file', '/nowhere/at.all']],
  ])('exits with 2 for %s', async (_what, options) => {
    await using api = await standInApi({ status: 200, body: good });
    const outcome = await runCommand(['templates', 'preview', ...options], { env: api.env, stdin: '' });
    expect([outcome.exitCode, api.calls]).toEqual([2, []]);
  });
});

describe('templates presets', () => {
  test('lists them, and prints one ready for a file', async () => {
    await using api = await standInApi({ status: 200, body: presets });
    const list = await runCommand(['templates', 'presets'], { env: api.env });
    expect(list.stdout).toMatch(/^ID +NAME +DESCRIPTION\nslack +Slack +A message\.\n$/);
    expect((await runCommand(['templates', 'presets', 'slack'], { env: api.env })).stdout).toBe('{ }\n');
    const asJson = await runCommand(['templates', 'presets', 'slack', '--json'], { env: api.env });
    expect(JSON.parse(asJson.stdout)).toEqual(presets.items[0]);
  });

  test('exits with 1 for one that there is not, and says which there are', async () => {
    await using api = await standInApi({ status: 200, body: presets });
    const outcome = await runCommand(['templates', 'presets', 'slick'], { env: api.env });
    expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('There are slack.') });
  });
});
