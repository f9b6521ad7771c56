import type { Migration } from './migration.ts';

/** A webhook may depend on two servers: its receiver, and the one that it gets its tokens from. */
export const shownCertificates: Migration = {
  number: 15,
  name: 'shown-certificates',
  statements: [
    // The certificate that each of them has shown last, and where. `shown_by` is `receiver` or `token_endpoint`.
    `CREATE TABLE shown_certificates (
      webhook_number INTEGER NOT NULL,
      shown_by       TEXT NOT NULL,
      origin         TEXT NOT NULL,
      sha256         TEXT NOT NULL,
      subject        TEXT NOT NULL,
      not_after      INTEGER NOT NULL,
      PRIMARY KEY (webhook_number, shown_by)
    )`,
    `INSERT INTO shown_certificates (webhook_number, shown_by, origin, sha256, subject, not_after)
      SELECT webhook_number, 'receiver', origin, sha256, subject, not_after FROM receiver_certificates`,
    'DROP TABLE receiver_certificates',
  ],
};
