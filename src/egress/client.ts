import type { CertificateFacts } from '../kernel/certificates.ts';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { EgressRules } from './allow-list.ts';
import { isOwnInbox } from './allow-list.ts';
import { ConnectionPool } from './connection-pool.ts';
import { createDial } from './dial.ts';
import type { Exchange, OutboundRequest } from './exchange.ts';
import { Flight } from './flight.ts';
import { type Resolve, resolveBySystem } from './name-lookup.ts';
import type { HttpProxy } from './proxy.ts';
import { assertSendable } from './request-headers.ts';
import { type Target, targetOf } from './target.ts';

export interface EgressClientOptions {
  rules: EgressRules;
  clock: Clock;
  /** How names become addresses; the system's resolver when left out. */
  resolve?: Resolve;
  /** What requests go through; nothing when left out. */
  proxy?: HttpProxy | null;
  /** Told when the receivers of a lane at an origin show another certificate than before, or the first. */
  onCertificate?: CertificateListener;
}

export type CertificateListener = (lane: string, origin: string, certificate: CertificateFacts) => void;

/** Sends requests to other people's servers, under the address guard and within bounds. */
export interface EgressClient {
  /**
   * Sends one request and resolves to what came of it; whatever a receiver or the network does is a value. Rejects
   * only with the reason of `signal`. Throws a `TypeError` for a URL or header that cannot be sent, and an `Error`
   * after `close`.
   */
  send(request: OutboundRequest): Promise<Exchange>;
  /** Closes the idle connections of a lane now and its busy ones after their exchange; a later send opens new ones. */
  forget(lane: string): void;
  /** Takes no more sends, waits for those underway (each has its deadline) and closes all connections. */
  close(): Promise<void>;
}

/** Pools that nobody used for so long are dropped; their connections have closed long before. */
const IDLE_POOL_MS = 5 * 60_000;
const SWEEP_EVERY_MS = 60_000;
/** Beyond this, the pool used longest ago makes room. */
const MAX_POOLS = 1000;

/** Makes a client with no connections. It starts no timer before the first send. */
export function createEgressClient(options: EgressClientOptions): EgressClient {
  const { rules, clock } = options;
  /** What lanes were told to have been shown, each with its origin. */
  const shown = new Map<string, string>();
  const dial = createDial({
    rules,
    clock,
    resolve: options.resolve ?? resolveBySystem,
    proxy: options.proxy ?? null,
    onCertificate,
  });
  const pools = new Map<string, ConnectionPool>();
  let sweep: Timer | null = null;
  let underway = 0;
  let isClosed = false;
  let onQuiet: (() => void) | null = null;

  function onCertificate({ lane, origin }: Target, certificate: CertificateFacts): void {
    const latest = `${origin} ${certificate.sha256}`;
    if (shown.get(lane) === latest) return;
    shown.set(lane, latest);
    options.onCertificate?.(lane, origin, certificate);
  }

  /** Everything that decides where a connection may lead is in the key: one vetted for less is never reused for more. */
  function keyOf(request: OutboundRequest, url: URL): string {
    const guard = `${request.allowInsecureHttp ? 'insecure' : ''} ${isOwnInbox(rules, url) ? 'inbox' : ''}`;
    return `${request.lane} ${guard} ${request.tls?.key ?? ''} ${url.origin}`;
  }

  function poolFor(request: OutboundRequest, url: URL): ConnectionPool {
    if (request.fresh === true) return new ConnectionPool(targetOf(rules, url, request), dial, null);
    const key = keyOf(request, url);
    let pool = pools.get(key);
    if (pool === undefined) {
      if (pools.size >= MAX_POOLS) evictOldest();
      pool = new ConnectionPool(targetOf(rules, url, request), dial, { session: null });
      pools.set(key, pool);
      sweep ??= clock.after(SWEEP_EVERY_MS, dropIdlePools);
    }
    pool.maxConnections = request.maxConcurrency;
    pool.lastUsedAtMs = clock.monotonicMs();
    return pool;
  }

  function drop(key: string, pool: ConnectionPool): void {
    pools.delete(key);
    pool.close();
  }

  function evictOldest(): void {
    let oldest: [string, ConnectionPool] | null = null;
    for (const entry of pools) {
      if (oldest === null || entry[1].lastUsedAtMs < oldest[1].lastUsedAtMs) oldest = entry;
    }
    if (oldest !== null) drop(...oldest);
  }

  function dropIdlePools(): void {
    const idleSinceMs = clock.monotonicMs() - IDLE_POOL_MS;
    for (const [key, pool] of pools) {
      if (!pool.isBusy && pool.lastUsedAtMs <= idleSinceMs) drop(key, pool);
    }
    sweep = pools.size === 0 ? null : clock.after(SWEEP_EVERY_MS, dropIdlePools);
  }

  function onLanded(): void {
    underway -= 1;
    if (underway === 0) onQuiet?.();
  }

  return {
    send(request) {
      if (isClosed) throw new Error('The egress client is closed.');
      assertSendable(request.headers);
      const url = new URL(request.url);
      const pool = poolFor(request, url);
      const path = url.pathname + url.search;
      return new Promise((resolve, reject) => {
        if (request.signal?.aborted === true) {
          reject(request.signal.reason);
          return;
        }
        underway += 1;
        new Flight({ request, path, pool, clock, resolve, reject, onLanded }).start();
      });
    },
    forget(lane) {
      shown.delete(lane);
      for (const [key, pool] of pools) if (key.startsWith(`${lane} `)) drop(key, pool);
    },
    async close() {
      isClosed = true;
      sweep?.cancel();
      if (underway > 0) {
        await new Promise<void>((resolve) => {
          onQuiet = resolve;
        });
      }
      for (const [key, pool] of pools) drop(key, pool);
    },
  };
}
