import type { Random } from '../kernel/random.ts';
import type { InstanceIdentity } from '../payloads/index.ts';
import { command, type Handler, handleCommand, type Store } from '../store/index.ts';

/** Keeps the identity given unless there is one already; the answer is the one that is kept. */
const ensureInstance = command<InstanceIdentity, InstanceIdentity>('webhooks.ensure_instance');

const SETTING = 'instance';
const TENANT_ID_DIGITS = 15;

/** Who this instance says it is in MFT Gateway's bodies, made up at the first start and the same ever after. */
export function ensureInstanceIdentity(store: Store, random: Random): Promise<InstanceIdentity> {
  return store.run(ensureInstance, {
    name: 'Waybill',
    email: '',
    tenantId: makeTenantId(random),
    bucketName: 'waybill',
  });
}

function makeTenantId(random: Random): number {
  let digits = String(1 + Math.floor(random.next() * 9));
  while (digits.length < TENANT_ID_DIGITS) digits += String(Math.floor(random.next() * 10));
  return Number(digits);
}

export function instanceHandlers(): Handler[] {
  return [
    handleCommand(ensureInstance, async (tx, identity) => {
      await tx.run(
        'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
        SETTING,
        JSON.stringify(identity),
      );
      const row = await tx.get<{ value: string }>('SELECT value FROM settings WHERE name = ?', SETTING);
      return JSON.parse((row as { value: string }).value) as InstanceIdentity;
    }),
  ];
}
