import { Button, Group, Select, Skeleton, Stack } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { eventTypesQuery } from '../../api/event-types.ts';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { ExchangeView } from './exchange-view.tsx';
import type { Exchange } from './webhook-queries.ts';

interface ConnectionTestProps {
  /** Sends the real thing, with the sample of an event type; of the first one that is wanted when null. */
  send: (eventType: string | null) => Promise<Exchange>;
  onPin?: (sha256: string) => void;
}

/** The button Test Connection, the choice of a sample beside it, and below them the whole exchange. */
export function ConnectionTest({ send, onPin }: ConnectionTestProps) {
  const { t } = useTranslation();
  const { data: types = [] } = useQuery(eventTypesQuery);
  const [eventType, setEventType] = useState<string | null>(null);
  const test = useMutation({ mutationFn: () => send(eventType) });
  return (
    <Stack gap="md">
      <Group align="end">
        <Select
          label={t('webhooks.test.sample')}
          placeholder={t('webhooks.test.firstWanted')}
          clearable
          clearButtonProps={{ 'aria-label': t('webhooks.test.firstWanted') }}
          searchable
          w={280}
          data={types.map(({ type }) => type)}
          value={eventType}
          onChange={setEventType}
        />
        <Button
          variant="default"
          leftSection={<IconPlugConnected size={16} aria-hidden />}
          loading={test.isPending}
          onClick={() => test.mutate()}
        >
          {t('webhooks.test.verb')}
        </Button>
      </Group>
      {test.isPending && <Skeleton height={80} role="status" aria-label={t('webhooks.test.running')} />}
      {test.isError && <ProblemAlert title={t('webhooks.test.refused')} error={test.error} />}
      {test.isSuccess && <ExchangeView key={test.submittedAt} exchange={test.data} onPin={onPin} />}
    </Stack>
  );
}
