import { describe, expect, test } from 'vitest';
import { Refusal } from '../kernel/errors.ts';
import { pruneKeptAnswers } from './once.store.ts';
import { createRecall } from './recall.ts';
import type { OnceOnly, Store } from './store.ts';
import {
  type Ending,
  listNotes,
  NOTED,
  type Note,
  note,
  noteMany,
  REFUSAL,
  readNote,
  recall,
  refuseToRead,
} from './suite-commands.fixture.ts';

/** A store on a place of its own, holding `suiteHandlers` and nothing else that matters. */
export interface StoreUnderTest {
  store: Store;
  /** Closes the store and opens another one on the same place. */
  reopen(): Promise<Store>;
}

const DAY_MS = 24 * 60 * 60 * 1000;

function once(over: Partial<OnceOnly> = {}): OnceOnly {
  return { scope: 'key_1 POST /notes', key: 'a', fingerprint: 'f', now: 1_700_000_000_000, aside: null, ...over };
}

/** Every note's outcome, in order: its number, or the error it was rejected with. */
function outcomes(store: Store, notes: readonly Note[]): Promise<(number | Error)[]> {
  // Handed in within one turn, and so written in one group.
  return Promise.all(notes.map((one) => store.run(note, one).catch((error: Error) => error)));
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(4, '0')}`);
}

/**
 * What every store must do, whatever database is below it. `open` makes a fresh one for each test and sees to it that
 * it is closed and removed afterwards.
 */
export function storeSuite(open: () => Promise<StoreUnderTest>): void {
  describe('a command', () => {
    test('is answered with its value once its row is there to read', async () => {
      const { store } = await open();
      expect(await store.run(note, { name: 'a', value: 'one' })).toBe(1);
      expect(await store.read(readNote, { name: 'a' })).toBe('one');
    });

    test('that refuses is answered with its own refusal, pointers and all', async () => {
      const { store } = await open();
      const refusal = await store.run(note, { name: 'a', value: 'one', ending: 'refusal' }).catch((error) => error);
      expect(refusal).toBeInstanceOf(Refusal);
      expect(refusal).toMatchObject({
        code: 'conflict',
        status: 409,
        message: REFUSAL.detail,
        errors: [{ pointer: REFUSAL.pointer, detail: 'one' }],
      });
    });

    test('that fails is answered with a fault that says where, and never with a refusal', async () => {
      const { store } = await open();
      const fault = await store.run(note, { name: 'a', value: 'one', ending: 'fault' }).catch((error) => error);
      expect(fault).toBeInstanceOf(Error);
      expect(fault).not.toBeInstanceOf(Refusal);
      expect(fault.message).toBe(REFUSAL.fault);
      expect(fault.stack).toContain('suite-commands.fixture.ts');
    });

    test.each<Ending>(['refusal', 'fault'])(
      'that ends in a %s leaves nothing behind, on disk or in memory',
      async (ending) => {
        const { store } = await open();
        await expect(store.run(note, { name: 'a', value: 'one', ending })).rejects.toThrow();
        expect(await store.read(readNote, { name: 'a' })).toBeNull();
        expect(await store.run(recall, null)).toEqual({ noted: [], committed: [] });
      },
    );

    test('that is refused goes back alone: the others of its group stay, in their order', async () => {
      const { store } = await open();
      const [first, refused, second, failed, third] = await outcomes(store, [
        { name: 'a', value: 'old' },
        { name: 'a', value: 'new', ending: 'refusal' },
        { name: 'b', value: 'x' },
        { name: 'b', value: 'y', ending: 'fault' },
        { name: 'c', value: 'z' },
      ]);
      expect([first, second, third]).toEqual([1, 2, 3]);
      expect([refused, failed]).toEqual([expect.any(Refusal), expect.any(Error)]);
      const values = await Promise.all(['a', 'b', 'c'].map((name) => store.read(readNote, { name })));
      expect(values).toEqual(['old', 'x', 'z']);
      expect(await store.run(recall, null)).toEqual({ noted: ['a', 'b', 'c'], committed: ['a', 'b', 'c'] });
    });

    test('sees what commands before it in its group have written', async () => {
      const { store } = await open();
      const handedIn = [store.run(note, { name: 'a', value: 'one' }), store.run(recall, null)] as const;
      const [, memory] = await Promise.all(handedIn);
      expect(memory.noted).toEqual(['a']);
    });

    test('may write many rows with one statement', async () => {
      const { store } = await open();
      expect(await store.run(noteMany, { names: names('m', 300), value: 'x' })).toBe(300);
      expect(await store.read(listNotes, { prefix: 'm' })).toHaveLength(300);
    });

    test('that nobody carries out is a fault, and its neighbours are answered', async () => {
      const { store } = await open();
      const unknown = store.run({ kind: 'command', name: 'suite.unheard_of' }, null);
      const known = store.run(note, { name: 'a', value: 'one' });
      await expect(unknown).rejects.toThrow('suite.unheard_of');
      expect(await known).toBe(1);
    });
  });

  describe('a counter', () => {
    test('has no gap and no repetition, whatever is refused in between', async () => {
      const { store } = await open();
      const endings: Ending[] = ['answer', 'refusal', 'answer', 'fault', 'refusal'];
      const given = await outcomes(
        store,
        names('n', 400).map((name, i) => ({ name, value: 'x', ending: endings[i % endings.length] as Ending })),
      );
      expect(given.filter((outcome) => typeof outcome === 'number')).toEqual(
        Array.from({ length: 160 }, (_, i) => i + 1),
      );
    });

    test('goes on after a restart where it stopped, and not after a number that was given back', async () => {
      const { store, reopen } = await open();
      await outcomes(store, [
        { name: 'a', value: 'x' },
        { name: 'b', value: 'x' },
        { name: 'c', value: 'x', ending: 'refusal' },
      ]);
      expect(await (await reopen()).run(note, { name: 'd', value: 'x' })).toBe(3);
    });
  });

  describe('a command to be run once', () => {
    test('has one effect, and its second caller gets the answer of the first', async () => {
      const { store } = await open();
      expect(await store.runOnce(note, { name: 'a', value: 'one' }, once())).toMatchObject({
        value: 1,
        repeated: false,
      });
      expect(await store.runOnce(note, { name: 'a', value: 'two' }, once())).toMatchObject({
        value: 1,
        repeated: true,
      });
      expect(await store.read(readNote, { name: 'a' })).toBe('one');
    });

    test('has one effect also when both callers ask at the same time', async () => {
      const { store } = await open();
      const asked = names('k', 20).map((name) => store.runOnce(note, { name, value: 'x' }, once()));
      const answers = await Promise.all(asked);
      expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
      expect(new Set(answers.map(({ value }) => value))).toEqual(new Set([1]));
      expect(await store.read(listNotes, { prefix: 'k' })).toEqual(['k0000']);
    });

    test('keeps its answer over a restart', async () => {
      const { store, reopen } = await open();
      await store.runOnce(note, { name: 'a', value: 'one' }, once());
      const again = await (await reopen()).runOnce(note, { name: 'a', value: 'one' }, once());
      expect(again).toMatchObject({ value: 1, repeated: true });
    });

    test('is refused to whoever uses its key for something else, and has no effect then', async () => {
      const { store } = await open();
      await store.runOnce(note, { name: 'a', value: 'one' }, once());
      await expect(store.runOnce(note, { name: 'b', value: 'two' }, once({ fingerprint: 'g' }))).rejects.toMatchObject({
        code: 'idempotency_mismatch',
      });
      expect(await store.read(readNote, { name: 'b' })).toBeNull();
    });

    test('shares its key with nobody of another scope', async () => {
      const { store } = await open();
      await store.runOnce(note, { name: 'a', value: 'one' }, once());
      const other = await store.runOnce(note, { name: 'b', value: 'two' }, once({ scope: 'key_2 POST /notes' }));
      expect(other).toMatchObject({ value: 2, repeated: false });
    });

    test('leaves its key free when it is refused', async () => {
      const { store } = await open();
      await expect(store.runOnce(note, { name: 'a', value: 'x', ending: 'refusal' }, once())).rejects.toThrow();
      expect(await store.runOnce(note, { name: 'a', value: 'x' }, once())).toMatchObject({ value: 1, repeated: false });
    });

    test('may be run again with its key a day later', async () => {
      const { store } = await open();
      const { now } = once();
      await store.runOnce(note, { name: 'a', value: 'one' }, once());
      const justBefore = await store.runOnce(note, { name: 'a', value: 'one' }, once({ now: now + DAY_MS - 1 }));
      expect(justBefore.repeated).toBe(true);
      const dayLater = once({ now: now + DAY_MS, fingerprint: 'g' });
      expect(await store.runOnce(note, { name: 'a', value: 'two' }, dayLater)).toMatchObject({
        value: 2,
        repeated: false,
      });
      expect((await store.runOnce(note, { name: 'a', value: 'two' }, dayLater)).repeated).toBe(true);
    });
  });

  describe('the kept answer of a command that was run once', () => {
    test('is found by whoever asks again, with what was put aside of it, and by nobody else', async () => {
      const { store } = await open();
      const recall = createRecall(store);
      expect(await recall(once())).toBeNull();
      await store.runOnce(note, { name: 'a', value: 'one' }, once({ aside: 'sealed' }));
      const kept = { value: 1, aside: 'sealed', repeated: true };
      expect(await recall(once())).toEqual(kept);
      expect(await store.runOnce(note, { name: 'a', value: 'two' }, once({ aside: 'other' }))).toEqual(kept);
      expect(await recall(once({ key: 'b' }))).toBeNull();
      expect(await recall(once({ scope: 'key_2 POST /notes' }))).toBeNull();
    });

    test('is each found for its own request, and told to no other, when many ask at once', async () => {
      const { store } = await open();
      const recall = createRecall(store);
      const keys = names('k', 50);
      const numbers = await Promise.all(
        keys.map((key) => store.runOnce(note, { name: key, value: 'x' }, once({ key })).then(({ value }) => value)),
      );
      const fingerprintOf = (i: number) => (i % 3 === 0 ? 'g' : 'f');
      const asked = keys.map((key, i) => recall(once({ key, fingerprint: fingerprintOf(i) })).catch((error) => error));
      for (const [i, found] of (await Promise.all(asked)).entries()) {
        if (fingerprintOf(i) === 'f') expect(found).toMatchObject({ value: numbers[i] });
        else expect(found).toMatchObject({ code: 'idempotency_mismatch', status: 422 });
      }
    });

    test('is deleted once a day has passed, some at a time', async () => {
      const { store } = await open();
      const { now } = once();
      const keys = names('k', 700);
      await Promise.all(keys.map((key) => store.runOnce(note, { name: key, value: 'x' }, once({ key }))));
      await store.runOnce(note, { name: 'late', value: 'x' }, once({ key: 'late', now: now + 1 }));
      const prune = () => store.run(pruneKeptAnswers, { now: now + DAY_MS });
      expect([await prune(), await prune(), await prune()]).toEqual([500, 200, 0]);
      const recall = createRecall(store);
      expect(await recall(once({ key: 'late' }))).not.toBeNull();
      expect(await recall(once({ key: 'k0000' }))).toBeNull();
    });
  });

  describe('a signal', () => {
    test('comes after the commit and before the answer of its command', async () => {
      const { store } = await open();
      const told: string[] = [];
      const seen: Promise<string | null>[] = [];
      store.subscribe<{ name: string }>(NOTED, ({ name }) => {
        told.push(`signal ${name}`);
        seen.push(store.read(readNote, { name }));
      });
      await Promise.all(
        ['a', 'b'].map(async (name) => {
          await store.run(note, { name, value: `value of ${name}` });
          told.push(`answer ${name}`);
        }),
      );
      expect(told.indexOf('signal a')).toBeLessThan(told.indexOf('answer a'));
      expect(told.indexOf('signal b')).toBeLessThan(told.indexOf('answer b'));
      expect(await Promise.all(seen)).toEqual(['value of a', 'value of b']);
    });

    test('comes in the order of the commits, to everyone who listens to its topic and to nobody else', async () => {
      const { store } = await open();
      const heard: [number[], number[]] = [[], []];
      const strange: unknown[] = [];
      for (const list of heard) store.subscribe<{ number: number }>(NOTED, ({ number }) => list.push(number));
      store.subscribe('suite.other', (payload) => strange.push(payload));
      for (const name of names('s', 3)) await store.run(note, { name, value: 'x' });
      await outcomes(
        store,
        names('t', 50).map((name) => ({ name, value: 'x' })),
      );
      const inOrder = Array.from({ length: 53 }, (_, i) => i + 1);
      expect(heard).toEqual([inOrder, inOrder]);
      expect(strange).toEqual([]);
    });

    test('of a command that was rolled back never comes', async () => {
      const { store } = await open();
      const heard: string[] = [];
      store.subscribe<{ name: string }>(NOTED, ({ name }) => heard.push(name));
      await outcomes(store, [
        { name: 'a', value: 'x', ending: 'refusal' },
        { name: 'b', value: 'x' },
        { name: 'c', value: 'x', ending: 'fault' },
      ]);
      await store.run(note, { name: 'd', value: 'x' });
      expect(heard).toEqual(['b', 'd']);
    });
  });

  describe('a read', () => {
    test('sees every write that was acknowledged before it, also under load', async () => {
      const { store } = await open();
      const stale = await Promise.all(
        names('r', 20).map(async (name) => {
          let late = 0;
          for (let i = 0; i < 20; i += 1) {
            await store.run(note, { name, value: String(i) });
            if ((await store.read(readNote, { name })) !== String(i)) late += 1;
          }
          return late;
        }),
      );
      expect(stale.filter((late) => late > 0)).toEqual([]);
    });

    test('that refuses or is unknown is answered with the error, and reads after it work', async () => {
      const { store } = await open();
      await expect(store.read(refuseToRead, null)).rejects.toMatchObject({ code: 'gone', status: 410 });
      await expect(store.read({ kind: 'query', name: 'suite.unheard_of' }, null)).rejects.toThrow('suite.unheard_of');
      expect(await store.read(readNote, { name: 'a' })).toBeNull();
    });
  });

  describe('closing', () => {
    test('finishes and answers everything that was handed in, and keeps it', async () => {
      const { store, reopen } = await open();
      const handedIn = outcomes(
        store,
        names('c', 1_200).map((name) => ({ name, value: 'x' })),
      );
      const reopened = await reopen();
      expect(await handedIn).toEqual(Array.from({ length: 1_200 }, (_, i) => i + 1));
      expect(await reopened.read(listNotes, { prefix: 'c' })).toHaveLength(1_200);
    });
  });

  describe('the load', () => {
    test('counts what was handed in and is not answered yet', async () => {
      const { store } = await open();
      const handedIn = outcomes(store, [
        { name: 'a', value: 'x' },
        { name: 'b', value: 'x', ending: 'refusal' },
      ]);
      expect(store.load.waiting).toBe(2);
      await handedIn;
      expect(store.load.waiting).toBe(0);
      expect(store.load.flushes).toBeGreaterThan(0);
    });
  });
}
