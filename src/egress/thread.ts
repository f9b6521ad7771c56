import { parentPort } from 'node:worker_threads';
import { nextTurn, systemClock } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import { parseEgressAllow, withOwnInboxes } from './allow-list.ts';
import { type CertificateListener, createEgressClient, type EgressClient } from './client.ts';
import { type PackedExchange, type PackedRequest, packExchange, unpackRequest } from './packing.ts';
import { parseProxy } from './proxy.ts';

/** What the egress thread is started with. */
export interface EgressThreadSettings {
  role: 'egress';
  /** `WAYBILL_EGRESS_ALLOW`. */
  egressAllow: string;
  /** `WAYBILL_HTTP_PROXY`, or null, and `WAYBILL_NO_PROXY`. */
  httpProxy: string | null;
  noProxy: string;
}

export type ToEgress =
  | { kind: 'send'; requests: PackedRequest[] }
  | { kind: 'forget'; lane: string }
  | { kind: 'own_inboxes'; urls: readonly string[] };
export interface FromEgress {
  exchanges: PackedExchange[];
  /** Requests that could not be sent for a mistake of ours. */
  faults: { number: number; message: string }[];
  /** What receivers have shown, where that is new. */
  certificates: Parameters<CertificateListener>[];
}

/** The body of the egress thread: it sends what it is told to, and answers in bundles. */
export function runEgressThread({ egressAllow, httpProxy, noProxy }: EgressThreadSettings): void {
  let client = clientWith([]);
  let bundle: FromEgress | null = null;

  function clientWith(ownInboxes: readonly string[]): EgressClient {
    return createEgressClient({
      rules: withOwnInboxes(parseEgressAllow(egressAllow), ownInboxes),
      clock: systemClock,
      proxy: parseProxy(httpProxy, noProxy),
      onCertificate: (...shown) => nextBundle().certificates.push(shown),
    });
  }

  /** The bundle that goes out in the next turn. */
  function nextBundle(): FromEgress {
    if (bundle === null) {
      bundle = { exchanges: [], faults: [], certificates: [] };
      nextTurn(() => {
        parentPort?.postMessage(bundle);
        bundle = null;
      });
    }
    return bundle;
  }

  async function carry(packed: PackedRequest): Promise<void> {
    const { number, request } = unpackRequest(packed);
    try {
      const exchange = await client.send(request);
      nextBundle().exchanges.push(packExchange(number, exchange));
    } catch (error) {
      nextBundle().faults.push({ number, message: messageOf(error) });
    }
  }

  parentPort?.on('message', (message: ToEgress) => {
    switch (message.kind) {
      case 'own_inboxes':
        // Nothing has been sent yet: the one before has no connections.
        client = clientWith(message.urls);
        return;
      case 'forget':
        client.forget(message.lane);
        return;
      case 'send':
        for (const request of message.requests) void carry(request);
    }
  });
}
