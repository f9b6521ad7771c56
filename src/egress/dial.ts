import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type CertificateFacts, factsOf } from '../kernel/certificates.ts';
import type { Clock } from '../kernel/clock.ts';
import { judgeAddress, judgeProxied } from './address-guard.ts';
import type { EgressRules } from './allow-list.ts';
import { ConnectFailure, distrusted, handshakeFailed, notPinned, unconnected, unresolved } from './failures.ts';
import { type Resolve, type ResolvedAddress, shareLookups } from './name-lookup.ts';
import { type HttpProxy, isProxied } from './proxy.ts';
import { createSecureContexts } from './secure-contexts.ts';
import type { Target } from './target.ts';
import { openTunnel } from './tunnel.ts';

/** How far a connection has come, written down as it happens, so that a failed or overdue one can tell too. */
export interface DialTrace {
  phase: 'resolving' | 'connecting' | 'tunnel' | 'handshake' | 'connected';
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  remoteAddress: string | null;
  /** The proxy that the connection goes through, `host:port`; then the address is the proxy's. */
  proxy: string | null;
  certificate: CertificateFacts | null;
  /** What broke the TLS connection first: undici tells of the end that follows instead. */
  brokenBy: Error | null;
}

/** The TLS session to resume next time. Only sessions of a trusted receiver are kept, each for one lane and origin. */
export interface TlsMemory {
  session: Buffer | null;
}

export interface DialRequest {
  target: Target;
  /** The time the whole request has: what one of several addresses may take of it depends on that. */
  timeoutMs: number;
  trace: DialTrace;
  /** Null: no resumption, and the certificate is written into the trace. */
  memory: TlsMemory | null;
  /** Closes the socket, whatever it is doing. */
  signal: AbortSignal;
}

/**
 * Opens a vetted connection. Rejects with a `ConnectFailure` for anything the network does, with the abort's error
 * when the signal fires.
 */
export type Dial = (request: DialRequest) => Promise<Socket>;

/** An address that does not react is left for the next one after this long. No limit holds for the last one. */
const FALLBACK_AFTER_MS = 1000;
const TCP_KEEP_ALIVE_MS = 60_000;

/**
 * Makes the only function of Waybill that opens connections to other people's servers: it resolves a name once, judges
 * every address of the answer, connects to one of those and to nothing else, and judges again what it is connected to.
 */
export function createDial(options: {
  rules: EgressRules;
  clock: Clock;
  resolve: Resolve;
  /** Resolves and dials in our place, for all that is not excepted; null: nobody does. */
  proxy: HttpProxy | null;
  /** Told of the certificate that a trusted receiver shows in a whole handshake on a connection to be kept. */
  onCertificate: (target: Target, certificate: CertificateFacts) => void;
}): Dial {
  const { rules, clock, onCertificate } = options;
  const resolve = shareLookups(options.resolve);
  const secureContextFor = createSecureContexts();

  /** `target` is whom to connect to: the receiver, or the proxy before it. */
  async function findAddresses({ trace, signal }: DialRequest, target: Target): Promise<readonly ResolvedAddress[]> {
    const family = isIP(target.hostname);
    if (family !== 0) return [{ address: target.hostname, family }];
    const startedAt = clock.monotonicMs();
    try {
      const addresses = await resolve(target.hostname);
      if (addresses.length === 0) throw new Error('it has no address');
      trace.dnsMs = clock.monotonicMs() - startedAt;
      return addresses;
    } catch (error) {
      throw new ConnectFailure(unresolved(target, error), { cause: error });
    } finally {
      signal.throwIfAborted();
    }
  }

  function vet(target: Target, address: string): void {
    if (target.isOwnInbox) return;
    const refused = judgeAddress(rules, { ...target, address });
    if (refused !== null) throw new ConnectFailure({ code: 'egress_refused', message: refused.message });
  }

  async function openFirst(
    request: DialRequest,
    target: Target,
    addresses: readonly ResolvedAddress[],
  ): Promise<Socket> {
    const { signal } = request;
    const limitMs = Math.min(FALLBACK_AFTER_MS, request.timeoutMs / addresses.length);
    let lastError: unknown;
    for (const [index, { address }] of addresses.entries()) {
      try {
        return await open(address, target.port, signal, index < addresses.length - 1 ? limitMs : null);
      } catch (error) {
        signal.throwIfAborted();
        lastError = error;
      }
    }
    throw new ConnectFailure(unconnected(target, lastError), { cause: lastError });
  }

  function open(address: string, port: number, signal: AbortSignal, limitMs: number | null): Promise<Socket> {
    return new Promise((resolve, reject) => {
      // `host` is a literal here, always: nothing is left to be resolved.
      const socket = connectTcp({
        host: address,
        port,
        signal,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
      });
      const timer = limitMs === null ? null : clock.after(limitMs, () => socket.destroy(systemError('ETIMEDOUT')));
      socket.once('connect', () => {
        timer?.cancel();
        resolve(socket);
      });
      // Stays for good: an error between two owners of the socket must not become an uncaught one.
      socket.on('error', (error) => {
        timer?.cancel();
        reject(error);
      });
    });
  }

  function secure(socket: Socket, request: DialRequest): Promise<TLSSocket> {
    const { target, trace } = request;
    // A resumed session shows no certificate that could be compared.
    const memory = target.tls?.pinnedSha256 == null ? request.memory : null;
    return new Promise((resolve, reject) => {
      let ticket: Buffer | null = null;
      let isTrusted = false;
      const secured = connectTls({
        socket,
        host: target.hostname,
        ...(isIP(target.hostname) === 0 ? { servername: target.hostname.replace(/\.$/, '') } : {}),
        ...(memory?.session ? { session: memory.session } : {}),
        ALPNProtocols: ['http/1.1'],
        secureContext: secureContextFor(target.tls),
        // Node would close the socket before a certificate it distrusts could be read. The verdict is ours, below.
        rejectUnauthorized: false,
      });
      secured.on('session', (session: Buffer) => {
        ticket = session;
        if (memory !== null && isTrusted) memory.session = session;
      });
      secured.once('secureConnect', () => {
        // Node gives it away once.
        const shown = secured.isSessionReused() ? null : certificateOf(secured);
        if (request.memory === null) trace.certificate = shown;
        const distrust = judgePeer(target, secured, shown);
        if (distrust === null) {
          isTrusted = true;
          if (request.memory !== null && shown !== null) onCertificate(target, shown);
          if (memory !== null && ticket !== null) memory.session = ticket;
          resolve(secured);
        } else {
          if (memory !== null) memory.session = null;
          secured.destroy();
          reject(distrust);
        }
      });
      secured.on('error', (error) => {
        // A receiver that breaks the handshake off may have shown its certificate before.
        if (request.memory === null) trace.certificate ??= certificateOf(secured);
        trace.brokenBy ??= error;
        reject(error);
      });
      // When the plain socket is closed under it, a TLS socket ends without an error.
      secured.once('close', () => reject(systemError('ECONNRESET')));
    });
  }

  function proxyFor(target: Target): HttpProxy | null {
    const { proxy } = options;
    return proxy !== null && !target.isOwnInbox && isProxied(proxy, target.hostname, target.port) ? proxy : null;
  }

  async function connectDirectly(request: DialRequest): Promise<Socket> {
    const { target, trace } = request;
    const addresses = await findAddresses(request, target);
    for (const { address } of addresses) vet(target, address);
    trace.phase = 'connecting';
    const connectingAt = clock.monotonicMs();
    const socket = await openFirst(request, target, addresses);
    const { remoteAddress } = socket;
    try {
      if (remoteAddress === undefined) throw new ConnectFailure(unconnected(target, systemError('ECONNRESET')));
      vet(target, remoteAddress);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    trace.remoteAddress = remoteAddress;
    trace.connectMs = clock.monotonicMs() - connectingAt;
    return socket;
  }

  /** The proxy's own address is the operator's choice, and not judged. */
  async function connectThrough(proxy: HttpProxy, request: DialRequest): Promise<Socket> {
    const { target, trace } = request;
    const refused = judgeProxied(rules, target);
    if (refused !== null) throw new ConnectFailure({ code: 'egress_refused', message: refused.message });
    trace.proxy = proxy.name;
    const first = { ...target, hostname: proxy.hostname, port: proxy.port };
    const addresses = await findAddresses(request, first).catch(blameProxy);
    trace.phase = 'connecting';
    const connectingAt = clock.monotonicMs();
    const socket = await openFirst(request, first, addresses).catch(blameProxy);
    trace.remoteAddress = socket.remoteAddress ?? null;
    trace.phase = 'tunnel';
    try {
      await openTunnel(socket, proxy, target);
    } catch (error) {
      socket.destroy();
      if (error instanceof ConnectFailure) throw error;
      throw new ConnectFailure(unconnected(first, error), { cause: error });
    }
    trace.connectMs = clock.monotonicMs() - connectingAt;
    return socket;
  }

  return async (request) => {
    const { target, trace } = request;
    const proxy = proxyFor(target);
    const socket = await (proxy === null ? connectDirectly(request) : connectThrough(proxy, request));
    if (target.protocol === 'http:') {
      trace.phase = 'connected';
      return socket;
    }

    trace.phase = 'handshake';
    const handshakeAt = clock.monotonicMs();
    try {
      const secured = await secure(socket, request);
      trace.tlsMs = clock.monotonicMs() - handshakeAt;
      trace.phase = 'connected';
      return secured;
    } catch (error) {
      socket.destroy();
      if (error instanceof ConnectFailure) throw error;
      throw new ConnectFailure(handshakeFailed(target, error), { cause: error });
    }
  };
}

/** The phases of a connection that has not begun. */
export function newTrace(): DialTrace {
  return {
    phase: 'resolving',
    dnsMs: null,
    connectMs: null,
    tlsMs: null,
    remoteAddress: null,
    proxy: null,
    certificate: null,
    brokenBy: null,
  };
}

function blameProxy(error: unknown): never {
  if (!(error instanceof ConnectFailure)) throw error;
  const { code, message } = error.failure;
  throw new ConnectFailure({ code, message: `The proxy cannot be used. ${message}` }, { cause: error.cause });
}

/** An error as the system would have made it, for what we notice before the system does. */
function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function certificateOf(socket: TLSSocket): CertificateFacts | null {
  const leaf = socket.getPeerX509Certificate();
  return leaf === undefined ? null : factsOf(leaf);
}

/**
 * Why a receiver is not trusted, or null. A pin decides alone: what it names is trusted whatever else is wrong with it,
 * and nothing else is. That the receiver has the certificate's key, the handshake has shown.
 */
function judgePeer(target: Target, secured: TLSSocket, shown: CertificateFacts | null): ConnectFailure | null {
  const pin = target.tls?.pinnedSha256 ?? null;
  if (pin !== null) return shown?.sha256 === pin ? null : notPinned(target, shown?.sha256 ?? null);
  if (secured.authorized || target.tls?.insecureSkipVerify === true) return null;
  return distrusted(target, String(secured.authorizationError));
}
