import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import { createTemplateRenderer } from './renderer.ts';

const threadModule = new URL('../../bin/worker.js', import.meta.url);
const instance = { name: 'Acme', email: '', tenantId: 1, bucketName: 'b', environment: 'staging' };
const renderer = createTemplateRenderer({ threadModule, clock: systemClock });
afterAll(() => renderer.end());

const GOOD = '{ "n": {{ data.n }} }';
/** One filter after another, between which LiquidJS does not look at the clock. */
const SLOW = `{% assign l = (1..20000) %}{{ l ${'| where_exp: "x", "x > 0"'.repeat(150)} | size }}{{ data.n }}`;

function render(template: string, n: number) {
  const event = { id: `evt_${n}`, type: 'order.shipped', occurredAt: 0, data: JSON.stringify({ n }) };
  return renderer.render({ template, contentType: 'application/json', webhook: { name: 'ops' }, event }, instance);
}

test('bodies come back in the order in which they were asked for', async () => {
  const bodies = await Promise.all(Array.from({ length: 200 }, (_, n) => render(GOOD, n)));
  expect(bodies.map(({ body }) => body)).toEqual(bodies.map((_, n) => `{ "n": ${n} }`));
});

describe('a template that does not end', () => {
  test('is ended, and its neighbours are rendered all the same', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, (_, n) => render(n === 20 ? SLOW : GOOD, n)));
    expect(all[20]).toEqual({ body: null, fault: 'It was broken off after 250 ms.' });
    for (const [n, { body }] of all.entries()) if (n !== 20) expect(body).toBe(`{ "n": ${n} }`);
  });

  test('makes only its like wait from then on', async () => {
    const done: string[] = [];
    const slow = [1, 2].map((n) => render(SLOW, n).then(() => done.push('slow')));
    await render(GOOD, 3).then(() => done.push('good'));
    await Promise.all(slow);
    expect(done).toEqual(['good', 'slow', 'slow']);
  });

  test('does not hold up what is tried out, nor the other way round', async () => {
    const samples = [{ id: 'evt_1', type: 'order.shipped', occurredAt: 0, data: {} }];
    const request = { template: SLOW, contentType: 'application/json', webhook: { name: 'ops' }, samples };
    const tried = renderer.inspect(request, instance);
    expect((await render(GOOD, 4)).body).toBe('{ "n": 4 }');
    expect(await tried).toMatchObject({ body: null, errors: [{ detail: expect.stringMatching(/250 ms|200 ms/) }] });
  });
});

test('of many that are tried at once, those who would wait long are sent away', async () => {
  const samples = [{ id: 'evt_1', type: 'order.shipped', occurredAt: 0, data: {} }];
  const request = { template: '1', contentType: 'application/json', webhook: { name: 'ops' }, samples };
  const all = await Promise.allSettled(Array.from({ length: 70 }, () => renderer.inspect(request, instance)));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(64);
  expect(all.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'rate_limited' } });
  expect((await renderer.inspect(request, instance)).errors).toEqual([]);
});
