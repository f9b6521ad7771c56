export { afterStart, nextStartAt, type Pace, paceOf, startsAllowed } from './pace.ts';
export type { Slots } from './slots.ts';
