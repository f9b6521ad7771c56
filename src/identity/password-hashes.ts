import crypto from 'node:crypto';
import type { Random } from '../kernel/random.ts';
import { argon2id, type Cost } from './argon2.ts';
import { createTurns } from './turns.ts';

/**
 * Argon2id as OWASP's Password Storage Cheat Sheet has it: 19 MiB, two passes, one lane. To make it dearer, change it
 * here: hashes name what they were made with, and are made anew when their user signs in.
 */
const COST: Cost = { memory: 19_456, passes: 2, parallelism: 1 };
const VERSION = 19;
const SALT_BYTES = 16;
const TAG_BYTES = 32;

/** Makes and verifies password hashes, off the event loop and one at a time, so that most of the machine stays free. */
export interface PasswordHashes {
  /** A PHC string of the password, with a salt of its own. */
  make(password: string): Promise<string>;
  /** Whether the password is the one of a PHC string. Null for the hash of nobody: takes as long, and is false. */
  verify(password: string, hash: string | null): Promise<boolean>;
  /** Whether hashes are made in another way by now. */
  isOutdated(hash: string): boolean;
  /** What is as hard to guess back as a hash, and the same for the same salt. */
  disguise(password: string, salt: string): Promise<string>;
}

/** Every function refuses with `rate_limited` when too many wait. */
export function createPasswordHashes(random: Random): PasswordHashes {
  const inTurn = createTurns();
  const derive = (password: string, salt: Uint8Array, cost: Cost) =>
    inTurn(() => argon2id(canonical(password), salt, TAG_BYTES, cost));

  return {
    async make(password) {
      const salt = random.fill(new Uint8Array(SALT_BYTES));
      return phcString(COST, salt, await derive(password, salt, COST));
    },
    async verify(password, hash) {
      const { cost, salt, tag } = hash === null ? HASH_OF_NOBODY : parsePhc(hash);
      const isSame = crypto.timingSafeEqual(await derive(password, salt, cost), tag);
      return isSame && hash !== null;
    },
    isOutdated: (hash) => !hash.startsWith(phcHead(COST)),
    async disguise(password, salt) {
      const bytes = crypto.hash('sha256', salt, 'buffer').subarray(0, SALT_BYTES);
      return (await derive(password, bytes, COST)).toString('base64url');
    },
  };
}

const HASH_OF_NOBODY = { cost: COST, salt: new Uint8Array(SALT_BYTES), tag: new Uint8Array(TAG_BYTES) };

/** The same password typed on another system may have other code points (NIST SP 800-63B §5.1.1.2). */
function canonical(password: string): string {
  return password.normalize('NFKC');
}

/** The PHC string format, which other implementations of Argon2 read too (github.com/P-H-C/phc-string-format). */
function phcString(cost: Cost, salt: Uint8Array, tag: Uint8Array): string {
  return `${phcHead(cost)}${base64(salt)}$${base64(tag)}`;
}

function phcHead({ memory, passes, parallelism }: Cost): string {
  return `$argon2id$v=${VERSION}$m=${memory},t=${passes},p=${parallelism}$`;
}

const PHC =
  /^\$argon2id\$v=19\$m=(?<memory>\d+),t=(?<passes>\d+),p=(?<parallelism>\d+)\$(?<salt>[^$]+)\$(?<tag>[^$]+)$/;

function parsePhc(text: string): { cost: Cost; salt: Uint8Array; tag: Uint8Array } {
  const parts = PHC.exec(text)?.groups;
  if (parts === undefined) throw new Error('A password hash in the database is no PHC string of Argon2id.');
  const { memory, passes, parallelism, salt = '', tag = '' } = parts;
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  return { cost, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
