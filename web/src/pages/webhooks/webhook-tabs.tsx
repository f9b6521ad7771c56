import { useTranslation } from 'react-i18next';
import { TabLink, TabLinks } from '../../ui/tab-links.tsx';

/** The two halves of the page Webhooks, each at a URL of its own. */
export function WebhookTabs() {
  const { t } = useTranslation();
  return (
    <TabLinks label={t('shell.places.webhooks')}>
      <TabLink to="/settings/notification-services/webhooks" activeOptions={{ exact: true, includeSearch: false }}>
        {t('webhooks.tabs.list')}
      </TabLink>
      <TabLink to="/settings/notification-services/webhooks/defaults">{t('webhooks.tabs.defaults')}</TabLink>
    </TabLinks>
  );
}
