import { Button, Group } from '@mantine/core';
import { IconArrowUp } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLiveItems } from '../../api/live.ts';
import type { Change } from '../../api/stream.ts';
import { DELIVERY_LISTS, type Delivery } from './deliveries.ts';
import { type DeliveryFilter, mayMatch } from './delivery-search.ts';

/** More than that nobody counts. */
const MOST = 999;

interface FreshDeliveriesProps {
  filter: DeliveryFilter;
  /** The newest that is on the screen. Ids rise. */
  newestId: string;
  onShow: () => void;
}

/**
 * Keeps the first page of the list up to date while it is on the screen: what is there changes in place, and what is new
 * waits for a person to ask for it, so that nothing moves under a reader's hand.
 */
export function FreshDeliveries({ filter, newestId, onShow }: FreshDeliveriesProps) {
  const { t } = useTranslation();
  /** Those found, each with whether only the server can tell if it is one of the list. */
  const [found, setFound] = useState<ReadonlyMap<string, boolean>>(new Map());

  useLiveItems('delivery', DELIVERY_LISTS, (changes: readonly Change[]) => {
    const fresh = (changes as readonly Delivery[]).filter(({ id }) => id > newestId);
    setFound((before) => {
      const all = new Map(before);
      for (const delivery of fresh) {
        const verdict = mayMatch(delivery, filter);
        if (verdict === false) all.delete(delivery.id);
        else if (all.size <= MOST) all.set(delivery.id, verdict === null);
      }
      return all;
    });
  });

  const fresh = [...found].filter(([id]) => id > newestId);
  if (fresh.length === 0) return null;
  const count = fresh.length;
  const sure = count > MOST ? t('log.deliveries.freshMany', { count: MOST }) : t('log.deliveries.fresh', { count });
  return (
    <Group justify="center">
      <Button variant="light" size="compact-md" leftSection={<IconArrowUp size={16} aria-hidden />} onClick={onShow}>
        {fresh.some(([, isUnsure]) => isUnsure) ? t('log.deliveries.freshPerhaps') : sure}
      </Button>
    </Group>
  );
}
