import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';
import { DeliveryDetail } from './delivery-detail.tsx';
import { LogTabs } from './log-tabs.tsx';

/** A delivery on a page of its own. */
export function DeliveryPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/signed-in/administration/log-viewer/deliveries/$id' });
  const search = useSearch({ from: '/signed-in/administration/log-viewer/deliveries/$id' });
  const navigate = useNavigate({ from: '/administration/log-viewer/deliveries/$id' });
  return (
    <Page title={t('log.detail.title')} lead={id}>
      <LogTabs />
      <DeliveryDetail
        key={id}
        id={id}
        headings={2}
        shown={search}
        onShow={(shown) => void navigate({ search: shown, replace: true, resetScroll: false })}
        onOpen={(other) => void navigate({ params: { id: other }, search: {} })}
      />
    </Page>
  );
}
