import type { paths } from '../../api/schema.d.ts';

type Answer<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } };
}
  ? Body
  : never;

/** A delivery as its own page has it. */
export type DeliveryWithAttempts = Answer<'/api/v1/deliveries/{id}'>;
export type Attempt = DeliveryWithAttempts['attempts'][number];
/** A delivery as lists have it. */
export type Delivery = Answer<'/api/v1/deliveries'>['items'][number];

/** Whether it has not ended. */
export function isOpen({ state }: Pick<Delivery, 'state'>): boolean {
  return state === 'pending' || state === 'delivering' || state === 'retrying';
}
