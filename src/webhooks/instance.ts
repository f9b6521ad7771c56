import { type AssertMatch, entityTag } from '../http/index.ts';
import type { Random } from '../kernel/random.ts';
import type { InstanceFacts, InstanceIdentity } from '../payloads/index.ts';
import type { Store } from '../store/index.ts';
import {
  changeInstance,
  ensureInstance,
  findInstance,
  INSTANCE_CHANGED,
  type InstanceRecord,
} from './instance.store.ts';
import { untilCurrent } from './until-current.ts';

/** Who this instance says it is in MFT Gateway's bodies. */
export interface Instance {
  /** The identity in force, for the next body that is rendered. */
  identity(): InstanceIdentity;
  /** That, and what a body may say of this instance besides. */
  facts(): InstanceFacts;
  /** The entity tag of it. */
  tag(): string;
  /** Replaces what is set of it: what is left out goes back to what the first start made up. */
  replace(set: Partial<InstanceIdentity>, assertMatch: AssertMatch): Promise<InstanceIdentity>;
}

const TENANT_ID_DIGITS = 15;

/** Reads the identity, which is made up at the first start, and keeps it in step with the store from then on. */
export async function openInstance(store: Store, random: Random, environment: string): Promise<Instance> {
  const builtIn = await store.run(ensureInstance, {
    name: 'Waybill',
    email: '',
    tenantId: makeTenantId(random),
    bucketName: 'waybill',
  });
  let record = await store.read(findInstance, null);
  store.subscribe<InstanceRecord>(INSTANCE_CHANGED, (changed) => {
    record = changed;
  });

  function identity(): InstanceIdentity {
    return { ...builtIn, ...record.value };
  }

  function tag(): string {
    return entityTag([record.version, identity()]);
  }

  return {
    identity,
    facts: () => ({ ...identity(), environment }),
    tag,
    replace: (value, assertMatch) =>
      untilCurrent(async () => {
        assertMatch(tag());
        await store.run(changeInstance, { version: record.version, value });
        return identity();
      }),
  };
}

function makeTenantId(random: Random): number {
  let digits = String(1 + Math.floor(random.next() * 9));
  while (digits.length < TENANT_ID_DIGITS) digits += String(Math.floor(random.next() * 10));
  return Number(digits);
}
