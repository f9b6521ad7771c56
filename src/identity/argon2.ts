import crypto from 'node:crypto';

/** What one computation costs: memory in KiB, passes over it, lanes. */
export interface Cost {
  memory: number;
  passes: number;
  parallelism: number;
}

/** How long the portable computation holds the event loop at a time. */
const TICK_MS = 10;

/** Argon2id (RFC 9106) of a message: as many bytes as asked for. */
export type Argon2id = (message: string, nonce: Uint8Array, tagLength: number, cost: Cost) => Promise<Buffer>;

/** Node's own, off the event loop. It came with Node 24.7. */
export const nativeArgon2id: Argon2id = (message, nonce, tagLength, cost) =>
  new Promise((resolve, reject) => {
    crypto.argon2('argon2id', { message, nonce, tagLength, ...cost }, (error, tag) => {
      if (error === null) resolve(tag);
      else reject(new Error('Argon2id failed.', { cause: error }));
    });
  });

/** The same in JavaScript, seven times slower (500 against 70 ms), a few milliseconds of the event loop at a time. */
export const portableArgon2id: Argon2id = async (message, nonce, tagLength, { memory, passes, parallelism }) => {
  const { argon2idAsync } = await import('@noble/hashes/argon2.js');
  const options = { m: memory, t: passes, p: parallelism, dkLen: tagLength, asyncTick: TICK_MS };
  return Buffer.from(await argon2idAsync(message, nonce, options));
};

export const argon2id: Argon2id = typeof crypto.argon2 === 'function' ? nativeArgon2id : portableArgon2id;
