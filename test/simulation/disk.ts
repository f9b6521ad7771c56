import { DatabaseSync } from 'node:sqlite';
import { migrate } from '../../src/store/index.ts';
import { type Connection, connectionTo } from '../../src/store/sqlite/driver.ts';
import type { Dice } from './dice.ts';

/** A database in memory, on a disk that can be made to fail. It outlives the processes that use it. */
export interface Disk {
  /** What the writer and the reader of a process use. */
  writer: Connection;
  reader: Connection;
  /** For whoever looks on. */
  witness: Connection;
  /** Whether it takes writes. While it does not, some of them fail at once and some at the commit. */
  isFull: boolean;
  /** Has the next commit fail with an I/O error, written or not: nobody can tell. */
  breakNextCommit(): void;
  /** What is left of an open transaction when its process dies. */
  crash(): void;
  close(): void;
}

/** Result codes of SQLite (sqlite.org/rescode.html). */
const BUSY = 5;
const IOERR_FSYNC = 1034;
const FULL = 13;

/** How many writes find out before the commit that there is no room. */
const SHARE_FULL_EARLY = 0.1;

/** Makes the database. `wrap` may put something of its own between it and those who use it. */
export function createDisk(dice: Dice, wrap: (connection: Connection) => Connection): Disk {
  const database = connectionTo(openEmpty());
  database.exec('PRAGMA temp_store = MEMORY');
  const used = wrap(database);
  let isBreaking = false;

  function beforeWrite(sql: string): void {
    if (disk.isFull && sql === 'BEGIN IMMEDIATE' && dice.hit(SHARE_FULL_EARLY)) throw sqliteError(BUSY, 'is locked');
    if (disk.isFull && (sql === 'COMMIT' || (/^(INSERT|UPDATE)/.test(sql) && dice.hit(SHARE_FULL_EARLY)))) {
      throw sqliteError(FULL, 'or disk is full');
    }
    if (isBreaking && sql === 'COMMIT') {
      isBreaking = false;
      if (dice.hit(0.5)) used.run('COMMIT', []);
      throw sqliteError(IOERR_FSYNC, 'disk I/O error');
    }
  }

  const disk: Disk = {
    writer: {
      ...used,
      run(sql, params) {
        beforeWrite(sql);
        return used.run(sql, params);
      },
      // Spread would have read it once and for all.
      get inTransaction() {
        return used.inTransaction;
      },
    },
    reader: used,
    witness: database,
    isFull: false,
    breakNextCommit() {
      isBreaking = true;
    },
    crash() {
      isBreaking = false;
      if (database.inTransaction) database.run('ROLLBACK', []);
    },
    close: () => database.close(),
  };
  return disk;
}

let image: Uint8Array | null = null;

/** A database that has its schema and nothing else. It is made once and copied: migrations take longer than most runs. */
function openEmpty(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  if (image === null) {
    migrate(connectionTo(database), { folder: ':memory:', apply: true });
    image = database.serialize();
  } else {
    database.deserialize(image);
  }
  return database;
}

function sqliteError(errcode: number, message: string): Error {
  return Object.assign(new Error(`database ${message}`), { errcode });
}
