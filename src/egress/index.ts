export { judgeUrl } from './address-guard.ts';
export { type EgressRules, parseEgressAllow, withOwnInboxes } from './allow-list.ts';
export { createAuthorizedSender } from './authorized-sender.ts';
export type { Exchange, OutboundRequest, TlsTrouble } from './exchange.ts';
export { parseProxy } from './proxy.ts';
export { type Sender, startSender } from './sender.ts';
export { judgeTls, type TlsJudgement, type TlsOptions, tlsSettings } from './tls-settings.ts';
export { readLane } from './token-endpoint.ts';
