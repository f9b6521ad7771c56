import { Button, Group } from '@mantine/core';
import { IconArrowUp } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useChanges, useLiveItems } from '../../api/live.ts';
import type { Change } from '../../api/stream.ts';
import type { ListPage } from '../../ui/list-view.tsx';
import { DELIVERY_LISTS } from './deliveries.ts';
import type { Delivery } from './delivery.ts';
import { type DeliveryFilter, mayMatch } from './delivery-search.ts';

/** More than that nobody counts. */
const MOST = 999;

interface FreshDeliveriesProps {
  filter: DeliveryFilter;
  /** The page on the screen. */
  shown: ListPage<Delivery>;
  onShow: () => void;
}

/**
 * Keeps the first page of the list up to date while it is on the screen: what is there changes in place, and what is new
 * to it waits for a person to ask for it, so that nothing moves under a reader's hand.
 */
export function FreshDeliveries({ filter, shown, onShow }: FreshDeliveriesProps) {
  const { t } = useTranslation();
  /** Those found, each with whether only the server can tell if it is one of the list. */
  const [found, setFound] = useState<ReadonlyMap<string, boolean>>(new Map());

  // Ids rise: what is older than the last one belongs to another page.
  const oldest = shown.next === null ? '' : (shown.items.at(-1)?.id ?? '');

  useLiveItems('delivery', DELIVERY_LISTS);
  useChanges('delivery', {
    onChanges(changes: readonly Change[]) {
      const verdicts = (changes as readonly Delivery[]).map((one) => [one.id, mayMatch(one, filter)] as const);
      setFound((before) => {
        const all = new Map([...before].filter(([id]) => id > oldest));
        for (const [id, verdict] of verdicts) {
          if (verdict === false) all.delete(id);
          else if (all.size <= MOST) all.set(id, verdict === null);
        }
        return all;
      });
    },
    onReset: () => setFound(new Map()),
  });

  const ids = new Set(shown.items.map(({ id }) => id));
  const fresh = [...found].filter(([id]) => !ids.has(id) && id > oldest);
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
