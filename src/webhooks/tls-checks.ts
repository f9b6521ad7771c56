import { judgeTls, type TlsJudgement, type TlsOptions } from '../egress/index.ts';
import { unacceptable } from '../kernel/errors.ts';

/** Refuses (422, with a pointer) TLS options that cannot be used. The client key is in plain text. */
export function checkTls(inForce: TlsOptions, judgement: TlsJudgement): void {
  const fault = judgeTls(inForce, judgement);
  if (fault !== null) throw unacceptable(`/tls/${fault.member}`, fault.message);
}
