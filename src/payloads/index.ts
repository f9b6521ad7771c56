export type { EventContent, Identifiers, InstanceIdentity, PayloadChoice } from './content.ts';
export { renderBody } from './render-body.ts';
