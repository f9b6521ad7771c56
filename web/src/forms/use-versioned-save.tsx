import { type ReactNode, useState } from 'react';
import { Problem } from '../api/problem.ts';
import { ConflictDialog, type Difference } from '../ui/conflict-dialog.tsx';

/** What was read, and the entity tag of that version. */
export interface Version<Values> {
  values: Values;
  etag: string;
}

interface VersionedSaveOptions<Values> {
  read: () => Promise<Version<Values>>;
  /** Sends a change that was made from the version with that tag. */
  save: (values: Values, etag: string) => Promise<void>;
  /** What the two versions do not agree about, in words. */
  compare: (mine: Values, theirs: Values) => Difference[];
  /** Told of what was saved by somebody else, when that is to stay. */
  onTaken: (theirs: Version<Values>) => void;
}

interface Conflict<Values> {
  mine: Values;
  theirs: Version<Values>;
  settle: (outcome: Promise<void>) => void;
}

/**
 * Saves a change only onto the version that it was made from. When somebody else was quicker (412), both versions are
 * shown, and a person chooses; `save` resolves when that is done. `dialog` has its place anywhere on the page.
 */
export function useVersionedSave<Values>({ read, save, compare, onTaken }: VersionedSaveOptions<Values>): {
  save: (values: Values, etag: string) => Promise<void>;
  dialog: ReactNode;
} {
  const [conflict, setConflict] = useState<Conflict<Values> | null>(null);

  async function saveOrAsk(values: Values, etag: string): Promise<void> {
    try {
      await save(values, etag);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error;
      const theirs = await read();
      await new Promise<void>((resolve) => setConflict({ mine: values, theirs, settle: resolve }));
    }
  }

  function end(outcome: (conflict: Conflict<Values>) => Promise<void>): void {
    if (conflict === null) return;
    setConflict(null);
    conflict.settle(outcome(conflict));
  }

  const dialog = conflict !== null && (
    <ConflictDialog
      differences={compare(conflict.mine, conflict.theirs.values)}
      onTakeTheirs={() => end(async ({ theirs }) => onTaken(theirs))}
      onSaveMine={() => end(({ mine, theirs }) => saveOrAsk(mine, theirs.etag))}
    />
  );
  return { save: saveOrAsk, dialog };
}
