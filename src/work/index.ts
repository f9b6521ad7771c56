export type { Slots } from './slots.ts';
