import type { InstanceFacts } from '../payloads/index.ts';
import type { Inspection, InspectionRequest } from './inspection.ts';

/** What a thread that renders is started with. */
export interface TemplateThreadSettings {
  role: 'templates';
  /** Three 32-bit numbers in which it says what it is at, so that it can be ended when that does not end. */
  progress: SharedArrayBuffer;
}

/** Places in `progress`: a count of steps, the number of the task (0 for none), and how long its step may take, in ms. */
export const STEP = 0;
export const TASK = 1;
export const LIMIT_MS = 2;

/** From the start of a rendering to the end of its thread. */
export const RENDERING_MS = 250;
/** A template of the greatest length takes a second the first time. */
export const PARSING_MS = 5_000;

/** One body to be rendered, flat because it crosses between threads for each delivery. `template` is an index. */
export type PackedRendering = readonly [
  number: number,
  template: number,
  contentType: string,
  webhookName: string,
  eventId: string,
  eventType: string,
  occurredAt: number,
  data: string,
];

export interface ToTemplates {
  instance: InstanceFacts;
  templates: readonly string[];
  renderings: readonly PackedRendering[];
  inspections: readonly { number: number; request: InspectionRequest }[];
}

/** What came of a rendering: the body, or why there is none and whether that was for taking too much; and how long it took. */
export type PackedRendered = readonly [
  number: number,
  body: string | null,
  fault: string | null,
  isExcess: boolean,
  tookMs: number,
];

export interface FromTemplates {
  rendered: PackedRendered[];
  inspected: { number: number; inspection: Inspection }[];
  /** What could not be done for a mistake of ours. */
  faults: { number: number; message: string }[];
}
