export {
  afterFailure,
  afterSuccess,
  concurrencyOf,
  HEALTHY,
  type Health,
  type OpenBreaker,
  withBreaker,
} from './health.ts';
export { afterStart, nextStartAt, type Pace, paceOf, startsAllowed } from './pace.ts';
export type { Slots } from './slots.ts';
