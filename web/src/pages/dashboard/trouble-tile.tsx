import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Instant } from '../../ui/instant.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { Status } from '../../ui/status.tsx';
import { type Health, troubleQuery } from './figures.ts';
import { TileFrame } from './tile.tsx';

/** Webhooks whose receivers fail. */
export function TroubleTile() {
  const { t } = useTranslation();
  const link = (
    <PageLink to="/settings/notification-services/webhooks" search={{ state: 'trouble' }} inherit>
      {t('dashboard.webhooks')}
    </PageLink>
  );
  return (
    <TileFrame title={t('dashboard.trouble')} query={useQuery(troubleQuery)} link={link}>
      {({ items, next }) => (
        <>
          {items.length === 0 && (
            <div>
              <Status kind="good">{t('dashboard.noTrouble')}</Status>
            </div>
          )}
          <ul className="tile-list">
            {items.map((health) => (
              <li key={health.webhookId}>
                <Troubled health={health} />
              </li>
            ))}
          </ul>
          {next !== null && <Text size="sm">{t('dashboard.andMore')}</Text>}
        </>
      )}
    </TileFrame>
  );
}

function Troubled({ health: { webhookId, name, trouble, lastAttempt } }: { health: Health }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" justify="space-between">
      <PageLink to="/administration/log-viewer" search={{ webhookId }} size="sm" className="long-text">
        {name}
      </PageLink>
      {trouble !== null && <Status kind="bad">{t(`dashboard.troubles.${trouble}`)}</Status>}
      {lastAttempt !== null && (
        <Text size="xs" c="dimmed" w="100%">
          {lastAttempt.errorCode ?? lastAttempt.outcome} · <Instant at={lastAttempt.at} />
        </Text>
      )}
    </Group>
  );
}
