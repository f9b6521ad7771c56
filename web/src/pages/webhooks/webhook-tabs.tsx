import { Tabs } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

const PATHS = {
  list: '/settings/notification-services/webhooks',
  defaults: '/settings/notification-services/webhooks/defaults',
} as const;

/** The two halves of the page Webhooks, each at a URL of its own. */
export function WebhookTabs({ current }: { current: keyof typeof PATHS }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Tabs
      value={current}
      onChange={(tab) => void navigate({ to: PATHS[tab as keyof typeof PATHS] })}
      activateTabWithKeyboard={false}
    >
      <Tabs.List>
        <Tabs.Tab value="list" aria-controls={undefined}>
          {t('webhooks.tabs.list')}
        </Tabs.Tab>
        <Tabs.Tab value="defaults" aria-controls={undefined}>
          {t('webhooks.tabs.defaults')}
        </Tabs.Tab>
      </Tabs.List>
    </Tabs>
  );
}
