import type { Migration } from './migration.ts';

/** What is known of certificates that webhooks depend on, beside those in their own settings. */
export const certificates: Migration = {
  number: 11,
  name: 'certificates',
  statements: [
    // The certificate that a webhook's receiver has shown last, and where.
    `CREATE TABLE receiver_certificates (
      webhook_number INTEGER NOT NULL PRIMARY KEY,
      origin         TEXT NOT NULL,
      sha256         TEXT NOT NULL,
      subject        TEXT NOT NULL,
      not_after      INTEGER NOT NULL
    )`,

    // Which warnings of a certificate's end have been published: so many days before it.
    `CREATE TABLE expiry_warnings (
      sha256 TEXT NOT NULL,
      days   INTEGER NOT NULL,
      PRIMARY KEY (sha256, days)
    )`,
  ],
};
