export { judgeUrl } from './address-guard.ts';
export { type EgressRules, parseEgressAllow } from './allow-list.ts';
export { createEgressClient, type EgressClient } from './client.ts';
export type { Exchange, OutboundRequest } from './exchange.ts';
