import { Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Instant } from '../../ui/instant.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { Status } from '../../ui/status.tsx';
import type { StatusKind } from '../../ui/theme.ts';
import { WebhookLink } from '../log/webhook-link.tsx';
import { certificatesQuery } from './figures.ts';
import { TileFrame } from './tile.tsx';

const MOST_SHOWN = 5;
/** From when on somebody should act, and from when on at once. */
const SOON_DAYS = 30;
const URGENT_DAYS = 7;

/** The certificates that webhooks depend on, the first to expire first. */
export function CertificatesTile() {
  const { t } = useTranslation();
  const link = (
    <PageLink to="/settings/notification-services/webhooks" inherit>
      {t('dashboard.webhooks')}
    </PageLink>
  );
  return (
    <TileFrame title={t('dashboard.certificates')} query={useQuery(certificatesQuery)} link={link}>
      {({ certificates, count }) =>
        count === 0 ? (
          <Text size="sm" c="dimmed">
            {t('dashboard.noCertificates')}
          </Text>
        ) : (
          <>
            <Table.ScrollContainer minWidth={480}>
              <Table>
                <caption className="hidden-caption">{t('dashboard.certificates')}</caption>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th scope="col">{t('dashboard.subject')}</Table.Th>
                    <Table.Th scope="col">{t('dashboard.daysLeft')}</Table.Th>
                    <Table.Th scope="col">{t('common.expiresAt')}</Table.Th>
                    <Table.Th scope="col">{t('dashboard.usedBy')}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {certificates.slice(0, MOST_SHOWN).map(({ sha256, subject, notAfter, daysLeft, usedBy }) => (
                    <Table.Tr key={sha256}>
                      <Table.Th scope="row" fw={400} className="long-text">
                        {subject}
                      </Table.Th>
                      <Table.Td>
                        <Status kind={kindOf(daysLeft)}>
                          {daysLeft < 0 ? t('dashboard.expired') : t('dashboard.days', { count: daysLeft })}
                        </Status>
                      </Table.Td>
                      <Table.Td>
                        <Instant at={notAfter} show="absolute" />
                      </Table.Td>
                      <Table.Td className="long-text">
                        {usedBy.slice(0, MOST_SHOWN).map(({ id }) => (
                          <div key={id}>
                            <WebhookLink id={id} />
                          </div>
                        ))}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
            {count > MOST_SHOWN && (
              <Text size="sm">{t('dashboard.moreCertificates', { count: count - MOST_SHOWN })}</Text>
            )}
          </>
        )
      }
    </TileFrame>
  );
}

function kindOf(daysLeft: number): StatusKind {
  if (daysLeft < URGENT_DAYS) return 'bad';
  return daysLeft < SOON_DAYS ? 'waiting' : 'good';
}
