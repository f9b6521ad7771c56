import { Text } from '@mantine/core';
import { queryOptions } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { Entrance } from './entrance.tsx';

/** Whether the first administrator is still to be created. */
export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: () => dataOf(api.GET('/api/v1/setup')),
});

/** Says where the one-time link is to be found, to those who came without it. */
export function NeedsLink() {
  const { t } = useTranslation();
  return (
    <Entrance title={t('welcome.noToken')}>
      <Text>{t('welcome.noTokenHint')}</Text>
    </Entrance>
  );
}
