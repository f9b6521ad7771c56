import type { NewEvent, Publish } from '../events/index.ts';
import { idTime } from '../kernel/ids.ts';
import { command, type Handler, handleCommand, handleQuery, query, type Tx } from '../store/index.ts';

/** A certificate that webhooks depend on, as `certificate.expiring` tells of it. */
export interface CertificateInUse {
  /** Its SHA-256: nothing else names it. */
  id: string;
  subject: string;
  notAfter: string;
  usedBy: { type: 'webhook'; id: string; name: string }[];
}

/** The certificate that a server has shown last, and the origin it was shown at. `notAfter` in epoch milliseconds. */
export interface ShownCertificate {
  webhookId: string;
  shownBy: 'receiver' | 'token_endpoint';
  origin: string;
  sha256: string;
  subject: string;
  notAfter: number;
}

/** Keeps what a server has shown in the place of what it showed before. Nothing where the webhook is gone. */
export const noteShownCertificate = command<ShownCertificate, null>('webhooks.note_shown_certificate');

/** What the servers of all webhooks that are not deleted have shown last. */
export const shownCertificates = query<null, ShownCertificate[]>('webhooks.shown_certificates');

/**
 * Publishes that a certificate expires, with the note that this was said so many days before its end; false, and nothing
 * published, where it has been said.
 */
export const warnOfExpiry = command<{ certificate: CertificateInUse; days: number; now: number }, boolean>(
  'webhooks.warn_of_expiry',
);

const NOTE = `INSERT INTO shown_certificates (webhook_number, shown_by, origin, sha256, subject, not_after)
  SELECT number, ?, ?, ?, ?, ? FROM webhooks WHERE id = ? AND deleted_at IS NULL
  ON CONFLICT (webhook_number, shown_by) DO UPDATE SET
    origin = excluded.origin, sha256 = excluded.sha256, subject = excluded.subject, not_after = excluded.not_after`;
const ALL = `SELECT w.id AS "webhookId", c.shown_by AS "shownBy", c.origin, c.sha256, c.subject, c.not_after AS "notAfter"
  FROM shown_certificates c JOIN webhooks w ON w.number = c.webhook_number
  WHERE w.deleted_at IS NULL ORDER BY w.number`;
const WARN = 'INSERT INTO expiry_warnings (sha256, days) VALUES (?, ?) ON CONFLICT (sha256, days) DO NOTHING';

export function certificateHandlers(publish: Publish): Handler[] {
  return [
    handleCommand(noteShownCertificate, async (tx, { webhookId, shownBy, origin, sha256, subject, notAfter }) => {
      await tx.run(NOTE, shownBy, origin, sha256, subject, notAfter, webhookId);
      return null;
    }),
    handleQuery(shownCertificates, (tx) => tx.all<ShownCertificate>(ALL)),
    handleCommand(warnOfExpiry, async (tx, { certificate, days, now }) => {
      if ((await tx.run(WARN, certificate.id, days)) === 0) return false;
      await publish(tx, expiringEvent(tx, certificate, now));
      return true;
    }),
  ];
}

/** It is about no single webhook: those that use the certificate should hear of it above all. */
function expiringEvent(tx: Tx, certificate: CertificateInUse, now: number): NewEvent {
  const id = tx.ids.make('evt', now);
  return {
    id,
    type: 'certificate.expiring',
    occurredAt: now,
    createdAt: idTime(id),
    data: JSON.stringify({ certificate }),
    keys: { transferId: null, scheduleId: null, stationId: null, partnerId: null, webhookId: null },
  };
}
