export { cloudEventAttributes } from './cloud-event.ts';
export type {
  EventContent,
  Identifiers,
  InstanceFacts,
  InstanceIdentity,
  PayloadChoice,
} from './content.ts';
export { mediaKindOf } from './media-type.ts';
export { renderBody } from './render-body.ts';
