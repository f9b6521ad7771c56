import { Anchor, Stack, Table } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { Page } from '../../ui/page.tsx';

/** About: which Waybill this is, and where its API is described. */
export function AboutPage() {
  const { t } = useTranslation();
  const { data } = useSuspenseQuery({ queryKey: ['about'], queryFn: () => dataOf(api.GET('/api/v1/about')) });
  const rows = [
    [t('welcome.about.version'), data.version],
    [t('welcome.about.environment'), data.environment],
    [t('welcome.about.node'), data.node],
    [t('welcome.about.server'), location.origin],
    [t('welcome.about.licence'), 'Apache-2.0'],
  ];
  return (
    <Page title={t('shell.places.about')} lead={t('welcome.about.lead')}>
      <Stack align="start">
        <Table variant="vertical" withTableBorder maw={640}>
          <Table.Tbody>
            {rows.map(([label, value]) => (
              <Table.Tr key={label}>
                <Table.Th scope="row" w={200}>
                  {label}
                </Table.Th>
                <Table.Td className="long-text">{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Anchor href="/api/docs">{t('shell.apiPage')}</Anchor>
        <Anchor href="/api/openapi.json">{t('shell.apiDocument')}</Anchor>
      </Stack>
    </Page>
  );
}
