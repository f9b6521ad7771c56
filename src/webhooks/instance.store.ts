import type { InstanceIdentity } from '../payloads/index.ts';
import { command, type Handler, handleCommand, handleQuery, query } from '../store/index.ts';
import { readSettings, type SettingsRecord, writeSettings } from './settings.store.ts';

/** What people have set of the instance's identity: sparse. */
export type InstanceRecord = SettingsRecord<InstanceIdentity>;

/** Keeps what is given as the built-in identity unless there is one already; the answer is the one that is kept. */
export const ensureInstance = command<InstanceIdentity, InstanceIdentity>('webhooks.ensure_instance');

export const findInstance = query<null, InstanceRecord>('webhooks.instance');

/** Replaces what is set at that version. Refuses (409) when it has another. */
export const changeInstance = command<InstanceRecord, InstanceRecord>('webhooks.change_instance');

/** Signalled with the record after each change. */
export const INSTANCE_CHANGED = 'webhooks.instance_changed';

/** The identity of the first start: what holds where nobody has set anything else. */
const BUILT_IN = 'instance';
const SET = 'settings/instance';

export function instanceHandlers(): Handler[] {
  return [
    handleCommand(ensureInstance, async (tx, identity) => {
      await tx.run(
        'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
        BUILT_IN,
        JSON.stringify(identity),
      );
      return (await readSettings<InstanceIdentity>(tx, BUILT_IN)).value as InstanceIdentity;
    }),
    handleQuery(findInstance, (tx) => readSettings<InstanceIdentity>(tx, SET)),
    handleCommand(changeInstance, async (tx, record) => {
      const written = await writeSettings(tx, SET, record);
      tx.signal(INSTANCE_CHANGED, written);
      return written;
    }),
  ];
}
