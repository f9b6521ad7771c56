import { expect, test, vi } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import { inspectTemplate } from './inspection.ts';

const instance = { name: 'Acme', email: '', tenantId: 1, bucketName: 'b', environment: 'staging' };
const samples = [{ id: 'evt_1', type: 'order.shipped', occurredAt: 0, data: { name: 'plain' } }];

/** What comes of the template, and how many renderings that took. */
function inspect(template: string) {
  const rendering = vi.fn();
  const request = { template, contentType: 'application/json', webhook: { name: 'ops' }, samples };
  const steps = { parsing: () => undefined, rendering };
  const { errors } = inspectTemplate(request, instance, { steps, clock: systemClock });
  return { errors, renderings: rendering.mock.calls.length };
}

test('what takes too long is tried once more, because the machine may have been busy, and then no more', () => {
  const { errors, renderings } = inspect('{% for a in (1..9999) %}{% for b in (1..9999) %}{% endfor %}{% endfor %}');
  expect(errors).toMatchObject([{ detail: expect.stringContaining('200 ms') }]);
  expect(renderings).toBe(2);
});

test('what fails for another reason is not', () => {
  const { errors, renderings } = inspect('{ {{ data.name }} }');
  expect(errors).toHaveLength(1);
  expect(renderings).toBe(1);
});
