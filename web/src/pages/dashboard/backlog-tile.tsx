import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Instant } from '../../ui/instant.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { Status } from '../../ui/status.tsx';
import { backlogQuery } from './figures.ts';
import { count } from './formats.ts';
import { Count, TileFrame } from './tile.tsx';

const STATES = ['pending', 'retrying', 'delivering'] as const;
const HOLDS = ['paused', 'disabled', 'breakerOpen', 'retryAfter'] as const;

/** What is owed and has not been delivered yet, and since when. */
export function BacklogTile() {
  const { t, i18n } = useTranslation();
  return (
    <TileFrame
      title={t('dashboard.backlog')}
      query={useQuery(backlogQuery)}
      link={
        <PageLink to="/administration/log-viewer" search={{ state: 'pending' }} inherit>
          {t('dashboard.pending')}
        </PageLink>
      }
    >
      {(backlog) => {
        const held = HOLDS.filter((hold) => backlog.held[hold] > 0);
        return (
          <>
            <Group gap="md" align="start">
              {STATES.map((state) => (
                <Count key={state} label={t(`log.states.${state}`)}>
                  <PageLink to="/administration/log-viewer" search={{ state }} inherit c="inherit">
                    {count(backlog[state], i18n.language)}
                  </PageLink>
                </Count>
              ))}
            </Group>
            <Text size="sm">
              {backlog.oldestAt === null ? (
                <Status kind="good">{t('dashboard.nothingWaits')}</Status>
              ) : (
                <>
                  {t('dashboard.oldest')} <Instant at={backlog.oldestAt} />
                </>
              )}
            </Text>
            {held.length > 0 && (
              <ul className="tile-list">
                {held.map((hold) => (
                  <li key={hold}>
                    <Status kind="waiting">{t(`dashboard.held.${hold}`, { count: backlog.held[hold] })}</Status>
                  </li>
                ))}
              </ul>
            )}
          </>
        );
      }}
    </TileFrame>
  );
}
