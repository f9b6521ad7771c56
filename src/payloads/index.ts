export { cloudEventAttributes } from './cloud-event.ts';
export type {
  EventContent,
  FixedPayload,
  Identifiers,
  InstanceFacts,
  InstanceIdentity,
  PayloadChoice,
  RenderedBody,
} from './content.ts';
export { gomftBody } from './gomft-body.ts';
export { mediaKindOf } from './media-type.ts';
export { defaultBody, renderBody } from './render-body.ts';
export { wholeSeconds } from './seed-body.ts';
export { escapeXml } from './xml.ts';
