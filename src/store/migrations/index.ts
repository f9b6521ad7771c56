import { spine } from './0001-spine.ts';
import { settingsVersions } from './0002-settings-versions.ts';
import { answersAside } from './0003-answers-aside.ts';
import { replays } from './0004-replays.ts';
import { previousSecrets } from './0005-previous-secrets.ts';
import { feed } from './0006-feed.ts';
import { ledger } from './0007-ledger.ts';
import { secretVersions } from './0008-secret-versions.ts';
import { deliveryLog } from './0009-delivery-log.ts';
import { breaker } from './0010-breaker.ts';
import { certificates } from './0011-certificates.ts';
import { users } from './0012-users.ts';
import { inboxes } from './0013-inboxes.ts';
import { statistics } from './0014-statistics.ts';
import { shownCertificates } from './0015-shown-certificates.ts';
import { eventInHeaders } from './0016-event-in-headers.ts';
import type { Migration } from './migration.ts';

export type { Migration };

/** Every migration, in order. */
export const migrations: readonly Migration[] = [
  spine,
  settingsVersions,
  answersAside,
  replays,
  previousSecrets,
  feed,
  ledger,
  secretVersions,
  deliveryLog,
  breaker,
  certificates,
  users,
  inboxes,
  statistics,
  shownCertificates,
  eventInHeaders,
];
