import { Drawer, Group } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '../../ui/page-link.tsx';
import { given } from '../list-search.ts';
import { DeliveryDetail } from './delivery-detail.tsx';
import type { DeliverySearch, DetailSearch } from './delivery-search.ts';

interface DeliveryDrawerProps {
  id: string;
  shown: DetailSearch;
  onShow: (shown: DetailSearch) => void;
  onOpen: (id: string) => void;
}

/** A delivery beside the list it was chosen from. */
export function DeliveryDrawer({ id, shown, onShow, onOpen }: DeliveryDrawerProps) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: '/administration/log-viewer' });
  const [isAsking, setAsking] = useState(false);

  function close(): void {
    void navigate({
      search: ({ open, attempt, part, ...list }: DeliverySearch) => list,
      replace: true,
      resetScroll: false,
    });
  }

  return (
    <Drawer
      opened
      position="right"
      size="min(46rem, 100%)"
      title={t('log.detail.title')}
      closeOnEscape={!isAsking}
      onClose={close}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Group justify="flex-end" mb="sm">
        <PageLink
          size="sm"
          to="/administration/log-viewer/deliveries/$id"
          params={{ id }}
          search={given<DetailSearch>({ attempt: shown.attempt, part: shown.part })}
        >
          {t('log.detail.openPage')}
        </PageLink>
      </Group>
      <DeliveryDetail
        key={id}
        id={id}
        headings={3}
        shown={shown}
        onShow={onShow}
        onOpen={onOpen}
        onAsking={setAsking}
      />
    </Drawer>
  );
}
