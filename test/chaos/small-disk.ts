import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A file system of a few megabytes in memory, with a folder on it, that a test may fill. */
export interface SmallDisk {
  /** Where the disk is mounted. */
  path: string;
  /** Takes all the room there is but for so many bytes. */
  fill(leftBytes?: number): void;
  /** Gives back what `fill` has taken. */
  free(): void;
  /** Takes no more writes from now on. */
  makeReadOnly(): void;
  /** The room that is left, in bytes. */
  readonly freeBytes: number;
}

/** Why `makeSmallDisk` cannot work here, or null where it can. Mounting is for root on Linux, and not in every container. */
export const noSmallDisk: string | null = whyNoSmallDisk();

function whyNoSmallDisk(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  const path = mkdtempSync(join(tmpdir(), 'waybill-mount-'));
  const isMounted = mount(path, 1);
  if (isMounted) unmount(path);
  rmSync(path, { recursive: true });
  return isMounted ? null : 'needs the right to mount a tmpfs';
}

function mount(path: string, mebibytes: number): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700`, 'waybill-test', path]).status === 0;
}

function unmount(path: string): void {
  spawnSync('umount', ['--lazy', path]);
}

/** Mounts a disk of so many mebibytes until the test has finished. */
export function makeSmallDisk(mebibytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'waybill-disk-'));
  if (!mount(path, mebibytes)) throw new Error(`A tmpfs cannot be mounted at ${path}.`);
  onTestFinished(() => {
    unmount(path);
    rmSync(path, { recursive: true, force: true });
  });
  const ballast = join(path, 'ballast');

  function freeBytes(): number {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  }

  return {
    path,
    get freeBytes() {
      return freeBytes();
    },
    fill(leftBytes = 0) {
      const file = openSync(ballast, 'a');
      try {
        for (let room = freeBytes(); room > leftBytes; room = freeBytes()) {
          writeSync(file, Buffer.alloc(Math.min(room - leftBytes, 1024 * 1024)));
        }
      } catch (error) {
        // Somebody else has taken the last page between our look and our write.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast, { force: true }),
    makeReadOnly() {
      if (spawnSync('mount', ['-o', 'remount,ro', path]).status !== 0) throw new Error(`${path} stays writable.`);
    },
  };
}
