import { Code, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { isEverything } from './draft.ts';

/** So many are told one by one. */
const TOLD = 2;

/** Which events a webhook is told of, in little room. */
export function EventsSummary({ eventTypes, isWhole = false }: { eventTypes: readonly string[]; isWhole?: boolean }) {
  const { t } = useTranslation();
  if (isEverything(eventTypes)) return <Text size="sm">{t('webhooks.form.allEvents')}</Text>;
  const told = isWhole ? eventTypes : eventTypes.slice(0, TOLD);
  const rest = eventTypes.length - told.length;
  return (
    <Group gap={4} className="events-summary" title={eventTypes.join(', ')}>
      {told.map((type) => (
        <Code key={type} className="long-text">
          {type}
        </Code>
      ))}
      {rest > 0 && (
        <Text size="xs" c="dimmed">
          {t('webhooks.list.moreTypes', { count: rest })}
        </Text>
      )}
    </Group>
  );
}
