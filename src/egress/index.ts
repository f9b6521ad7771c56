export { type DialledAddress, judgeAddress, judgeUrl, type Refused } from './address-guard.ts';
export { type EgressRules, parseEgressAllow, withOwnInbox } from './allow-list.ts';
export { createEgressClient, type EgressClient, type EgressClientOptions } from './client.ts';
export type {
  Exchange,
  Failure,
  FailureCode,
  OutboundRequest,
  OutboundResponse,
  PeerCertificate,
  PhaseTimings,
} from './exchange.ts';
export type { Resolve, ResolvedAddress } from './name-lookup.ts';
