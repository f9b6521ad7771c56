import { readLane } from '../egress/index.ts';
import { factsOf, readCertificates } from '../kernel/certificates.ts';
import type { Clock, Timer } from '../kernel/clock.ts';
import { formatInstant, parseInstant } from '../kernel/instants.ts';
import { type Store, untilStored } from '../store/index.ts';
import {
  type CertificateInUse,
  noteShownCertificate,
  type ShownCertificate,
  shownCertificates,
  warnOfExpiry,
} from './certificates.store.ts';
import type { Webhook, WebhookDirectory } from './directory.ts';

/** A certificate that webhooks depend on, and when it ends, in epoch milliseconds. */
export interface WatchedCertificate {
  certificate: CertificateInUse;
  notAfter: number;
}

/** Looks at every certificate that webhooks depend on, and tells of each that expires soon. */
export interface ExpiryWatch {
  /**
   * Takes note of what a server has shown to a request of the lane, unless it is known: a webhook's receiver, or where it
   * gets its tokens. What belongs to no webhook is ignored.
   */
  saw(lane: string, origin: string, shown: { sha256: string; subject: string; notAfter: string }): void;
  start(): void;
  stop(): void;
  /** One look now. Returns how many warnings it has published. */
  look(): Promise<number>;
  /** Every certificate that a webhook which may send depends on, in no order. */
  inUse(): Promise<WatchedCertificate[]>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** What has changed is looked at together with what changes right after it. */
const SOON_MS = 1000;

/** So many days before its end a certificate is warned of, and no more often. */
const WARN_DAYS = [1, 7, 30] as const;

export function createExpiryWatch(options: {
  store: Store;
  directory: WebhookDirectory;
  clock: Clock;
  /** Told of each warning, for the log: a webhook that wants the event may not exist. */
  onWarning: (certificate: CertificateInUse) => void;
  onFault: (error: unknown) => void;
}): ExpiryWatch {
  const { store, directory, clock, onWarning, onFault } = options;
  /** What servers have shown last, by webhook and kind of server. */
  const shown = createShownCertificates();
  /** The certificates in a webhook's settings, as they were when they were looked at last. */
  const given = new Map<string, string>();
  let next: { timer: Timer; at: number } | null = null;
  let isRead = false;
  let isStopped = false;

  async function readShown(): Promise<void> {
    // What has been shown meanwhile is newer.
    for (const kept of await store.read(shownCertificates, null)) if (shown.get(kept) === undefined) shown.set(kept);
    isRead = true;
  }

  async function inUse(): Promise<WatchedCertificate[]> {
    if (!isRead) await readShown();
    return certificatesInUse(directory.list(), shown.of);
  }

  async function look(): Promise<number> {
    const watched = await inUse();
    const now = clock.now();
    let published = 0;
    for (const { certificate, notAfter } of watched) {
      const days = dueWarning(notAfter, now);
      if (days === null || !(await store.run(warnOfExpiry, { certificate, days, now }))) continue;
      published += 1;
      onWarning(certificate);
    }
    return published;
  }

  /** Has a look taken at that time, or before. */
  function schedule(delayMs: number): void {
    const at = clock.monotonicMs() + delayMs;
    if (isStopped || (next !== null && next.at <= at)) return;
    next?.timer.cancel();
    const timer = clock.after(delayMs, () => {
      next = null;
      look()
        .catch(onFault)
        .finally(() => schedule(DAY_MS));
    });
    next = { timer, at };
  }

  directory.onChange((id) => {
    const webhook = directory.get(id);
    if (webhook === null) {
      shown.forget(id);
      given.delete(id);
      return;
    }
    const pems = pemsOf(webhook).join();
    if (pems === (given.get(id) ?? '')) return;
    given.set(id, pems);
    schedule(SOON_MS);
  });

  return {
    look,
    inUse,
    saw(lane, origin, { sha256, subject, notAfter }) {
      const { owner: webhookId, isOfTokens } = readLane(lane);
      const by = { webhookId, shownBy: isOfTokens ? 'token_endpoint' : 'receiver' } as const;
      const known = shown.get(by);
      if (directory.get(webhookId) === null || (known?.sha256 === sha256 && known.origin === origin)) return;
      const seen: ShownCertificate = { ...by, origin, sha256, subject, notAfter: parseInstant(notAfter) ?? 0 };
      shown.set(seen);
      untilStored(clock, () => store.run(noteShownCertificate, seen)).then(() => schedule(SOON_MS), onFault);
    },
    start: () => schedule(SOON_MS),
    stop() {
      isStopped = true;
      next?.timer.cancel();
    },
  };
}

function createShownCertificates() {
  const byServer = new Map<string, ShownCertificate>();
  const keyOf = ({ webhookId, shownBy }: Pick<ShownCertificate, 'webhookId' | 'shownBy'>) => `${webhookId} ${shownBy}`;
  const keysOf = (webhookId: string) =>
    (['receiver', 'token_endpoint'] as const).map((shownBy) => keyOf({ webhookId, shownBy }));
  return {
    get: (by: Pick<ShownCertificate, 'webhookId' | 'shownBy'>) => byServer.get(keyOf(by)),
    set: (certificate: ShownCertificate) => byServer.set(keyOf(certificate), certificate),
    of: (webhookId: string) => keysOf(webhookId).flatMap((key) => byServer.get(key) ?? []),
    forget(webhookId: string) {
      for (const key of keysOf(webhookId)) byServer.delete(key);
    },
  };
}

/** The warning that is due, by its days: the latest one of those whose time has come; null when none has. Pure. */
function dueWarning(notAfter: number, now: number): number | null {
  return WARN_DAYS.find((days) => notAfter - now <= days * DAY_MS) ?? null;
}

/** Each certificate that a webhook which may send depends on, once, with all that use it. Pure. */
function certificatesInUse(
  webhooks: readonly Webhook[],
  shownTo: (webhookId: string) => readonly ShownCertificate[],
): WatchedCertificate[] {
  const inUse = new Map<string, WatchedCertificate>();
  for (const webhook of webhooks.filter(({ state }) => state !== 'disabled')) {
    const { id, name } = webhook.record;
    for (const { sha256, subject, notAfter } of certificatesOf(webhook, shownTo(id))) {
      const watched = inUse.get(sha256) ?? {
        certificate: { id: sha256, subject, notAfter: formatInstant(notAfter), usedBy: [] },
        notAfter,
      };
      inUse.set(sha256, watched);
      if (!watched.certificate.usedBy.some((user) => user.id === id)) {
        watched.certificate.usedBy.push({ type: 'webhook', id, name });
      }
    }
  }
  return [...inUse.values()];
}

type Known = Pick<ShownCertificate, 'sha256' | 'subject' | 'notAfter'>;

/** Those in its settings, and those that its servers have shown, unless its URLs lead elsewhere by now. */
function certificatesOf(webhook: Webhook, shown: readonly ShownCertificate[]): Known[] {
  const own = pemsOf(webhook)
    .flatMap((pem) => readCertificates(pem).certificates ?? [])
    .map((certificate) => ({ ...factsOf(certificate), notAfter: certificate.validToDate.getTime() }));
  const { url, auth } = webhook.config;
  const origins = {
    receiver: URL.parse(url)?.origin,
    token_endpoint: auth.type === 'oauth2' ? URL.parse(auth.tokenUrl)?.origin : undefined,
  };
  return [...own, ...shown.filter(({ shownBy, origin }) => origin === origins[shownBy])];
}

function pemsOf({ config: { tls } }: Webhook): string[] {
  return [tls.caPem, tls.clientCertPem].filter((pem) => pem !== null);
}
