import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SetupError } from '../../kernel/errors.ts';
import { storeSuite } from '../store.suite.ts';
import { listNotes, NOTED, note, readNote, recall } from '../suite-commands.fixture.ts';
import { openBeside, peekSetting } from './beside.ts';
import { makeFolder, openStore } from './open-store.fixture.ts';
import { allowGrowth } from './suite-commands.fixture.ts';

const MANY_PAGES = 'x'.repeat(256 * 1024);

describe('the SQLite store', () => {
  storeSuite(async () => {
    const folder = makeFolder();
    const { store, close } = await openStore(folder);
    return {
      store,
      async reopen() {
        await close();
        return (await openStore(folder)).store;
      },
    };
  });

  describe('when the database cannot grow', () => {
    test('refuses the whole group with storage_unavailable, and keeps nothing of it on disk or in memory', async () => {
      const { store, broken } = await openStore(makeFolder());
      const heard: string[] = [];
      store.subscribe<{ name: string }>(NOTED, ({ name }) => heard.push(name));
      await store.run(note, { name: 'before', value: 'x' });
      await store.run(allowGrowth, false);

      const group = [
        store.run(note, { name: 'small', value: 'x' }),
        store.run(note, { name: 'large', value: MANY_PAGES }),
        store.runOnce(
          note,
          { name: 'once', value: 'x' },
          { scope: 's', key: 'k', fingerprint: 'f', now: 0, aside: null },
        ),
      ];
      const refusal = { name: 'Refusal', code: 'storage_unavailable', status: 503 };
      await Promise.all(group.map((answer) => expect(answer).rejects.toMatchObject(refusal)));

      await store.run(allowGrowth, true);
      expect(await store.run(recall, null)).toEqual({ noted: ['before'], committed: ['before'] });
      expect(await store.read(listNotes, { prefix: '' })).not.toContain('small');
      expect(heard).toEqual(['before']);
      expect(broken).toEqual([]);
    });

    test('goes on reading, and takes writes again once there is room, with no number missing', async () => {
      const { store } = await openStore(makeFolder());
      await store.run(note, { name: 'before', value: 'x' });
      await store.run(allowGrowth, false);
      const large = { name: 'large', value: MANY_PAGES };
      await expect(store.run(note, large)).rejects.toMatchObject({ code: 'storage_unavailable' });
      expect(await store.read(readNote, { name: 'before' })).toBe('x');

      await store.run(allowGrowth, true);
      expect(await store.run(note, large)).toBe(2);
      expect(await store.read(readNote, { name: 'large' })).toBe(MANY_PAGES);
    });
  });

  describe('its folder', () => {
    test('is refused to a second store while the first has it, and the first goes on', async () => {
      const folder = makeFolder();
      const { store } = await openStore(folder);
      const second = openStore(folder);
      await expect(second).rejects.toThrow(SetupError);
      await expect(second).rejects.toThrow(`The data folder ${folder} is in use by another Waybill server.`);
      expect(await store.run(note, { name: 'a', value: 'x' })).toBe(1);
    });

    test('is free again once the store is closed, and holds one database file then', async () => {
      const folder = makeFolder();
      const { store, close } = await openStore(folder);
      await store.run(note, { name: 'a', value: 'x' });
      await close();
      expect(readdirSync(folder).sort()).toEqual(['waybill.db', 'waybill.lock']);
      expect(await (await openStore(folder)).store.read(readNote, { name: 'a' })).toBe('x');
    });

    test('may be read and written beside the store, and each sees the writes of the other', async () => {
      const folder = makeFolder();
      const { store } = await openStore(folder);
      await store.run(note, { name: 'a', value: 'of the store' });
      expect(peekSetting(folder, 'a')).toBe('of the store');
      const beside = openBeside(folder);
      beside.run('INSERT INTO settings (name, value) VALUES (?, ?)', ['b', 'of a tool']);
      beside.close();
      expect(await store.read(readNote, { name: 'b' })).toBe('of a tool');
      expect(await store.run(note, { name: 'c', value: 'x' })).toBe(2);
    });

    test('is looked into without making anything where there is no database', () => {
      const folder = makeFolder();
      expect(peekSetting(join(folder, 'not-there'), 'a')).toBeNull();
      expect(readdirSync(folder)).toEqual([]);
    });
  });
});
