export { judgeUrl } from './address-guard.ts';
export { type EgressRules, parseEgressAllow } from './allow-list.ts';
export { createAuthorizedSender } from './authorized-sender.ts';
export type { Exchange, OutboundRequest } from './exchange.ts';
export { type Sender, startSender } from './sender.ts';
