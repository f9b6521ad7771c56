import type { Migration } from './migration.ts';

/** A retry sends the event where its first attempt had it, whatever the webhook's format has become. */
export const eventInHeaders: Migration = {
  number: 16,
  name: 'event-in-headers',
  statements: [
    // 1 when the first attempt sent the event's attributes in headers, 0 when not, null before it.
    'ALTER TABLE deliveries ADD COLUMN event_in_headers INTEGER',
  ],
};
