import { Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** In the place of what is being read. */
export function Loading() {
  const { t } = useTranslation();
  return (
    <Stack role="status" gap="xs">
      <VisuallyHidden>{t('common.list.loading')}</VisuallyHidden>
      {[0, 1, 2, 3].map((row) => (
        <Skeleton key={row} height={36} />
      ))}
    </Stack>
  );
}
