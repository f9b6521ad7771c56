import { Autocomplete, Button, Group, NumberInput, Pill, Select, Stack } from '@mantine/core';
import { IconAdjustmentsHorizontal } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { eventTypesQuery } from '../../api/event-types.ts';
import { SearchField } from '../../ui/search-field.tsx';
import { useDraft } from '../../ui/use-draft.ts';
import { given } from '../list-search.ts';
import { TimeFilter } from '../time-filter.tsx';
import type { TimeSearch } from '../time-range.ts';
import { useWebhookNames } from './deliveries.ts';
import { DELIVERY_STATES, type DeliveryFilter, isDeliveryState } from './delivery-search.ts';
import { ERROR_CODES } from './error-codes.ts';

/** Members to change; one that is undefined is taken off. */
export type FilterChange = { [Key in keyof DeliveryFilter]?: DeliveryFilter[Key] | undefined };

interface DeliveryFiltersProps {
  filter: DeliveryFilter;
  onChange: (change: FilterChange) => void;
}

/** What the list of deliveries can be limited to. The rarer ones are folded away while none of them is set. */
export function DeliveryFilters({ filter, onChange }: DeliveryFiltersProps) {
  const { t } = useTranslation();
  const { webhooks, nameOf } = useWebhookNames();
  const { state, webhookId, eventId, q, range, from, to } = filter;
  const isRareSet = filter.eventType !== undefined || filter.status !== undefined || filter.errorCode !== undefined;
  const [isUnfolded, setUnfolded] = useState(isRareSet);
  const [wasRareSet, setRareSet] = useState(isRareSet);
  // A view, and the way back, set them as well: nothing must limit the list unseen.
  if (isRareSet !== wasRareSet) {
    setRareSet(isRareSet);
    if (isRareSet) setUnfolded(true);
  }
  const isUnknown = webhookId !== undefined && !webhooks.some(({ id }) => id === webhookId);

  return (
    <Stack component="search" aria-label={t('log.filter.label')} gap="sm">
      <Group align="end" gap="sm">
        <SearchField
          label={t('log.filter.search')}
          hint={t('log.filter.searchHint')}
          value={q ?? ''}
          onSearch={(text) => onChange({ q: text === '' ? undefined : text })}
        />
        <Select
          label={t('log.deliveries.state')}
          w={{ base: '100%', xs: 160 }}
          clearable
          placeholder={t('log.filter.anyState')}
          value={state ?? null}
          data={DELIVERY_STATES.map((name) => ({ value: name, label: t(`log.states.${name}`) }))}
          onChange={(value) => onChange({ state: isDeliveryState(value) ? value : undefined })}
        />
        <Select
          label={t('log.deliveries.webhook')}
          w={{ base: '100%', xs: 190 }}
          clearable
          searchable
          limit={100}
          placeholder={t('log.filter.anyWebhook')}
          value={webhookId ?? null}
          data={[
            ...webhooks.map(({ id, name }) => ({ value: id, label: name })),
            ...(isUnknown ? [{ value: webhookId, label: nameOf(webhookId) }] : []),
          ]}
          onChange={(value) => onChange({ webhookId: value ?? undefined })}
        />
        <TimeFilter
          value={given<TimeSearch>({ range, from, to })}
          onChange={(time) => onChange({ range: undefined, from: undefined, to: undefined, ...time })}
        />
        <Button
          variant="default"
          leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}
          aria-expanded={isUnfolded}
          onClick={() => setUnfolded(!isUnfolded)}
        >
          {t(isUnfolded ? 'log.filter.fewer' : 'log.filter.more')}
        </Button>
      </Group>
      {isUnfolded && <RareFilters filter={filter} onChange={onChange} />}
      {eventId !== undefined && (
        <Group>
          <Pill
            withRemoveButton
            size="md"
            removeButtonProps={{ 'aria-label': t('log.filter.remove'), 'aria-hidden': false, tabIndex: 0 }}
            onRemove={() => onChange({ eventId: undefined })}
          >
            {t('log.filter.ofEvent', { id: eventId })}
          </Pill>
        </Group>
      )}
    </Stack>
  );
}

function RareFilters({ filter, onChange }: DeliveryFiltersProps) {
  const { t } = useTranslation();
  const { data: types = [] } = useQuery(eventTypesQuery);
  const [eventType, typeEventType] = useDraft(filter.eventType ?? '', (draft) =>
    onChange({ eventType: draft.trim() === '' ? undefined : draft.trim() }),
  );
  const [status, typeStatus] = useDraft<string | number>(filter.status ?? '', (draft) =>
    onChange({ status: typeof draft === 'number' ? draft : undefined }),
  );
  return (
    <Group align="end" gap="sm">
      <Autocomplete
        label={t('log.deliveries.eventType')}
        w={{ base: '100%', xs: 260 }}
        limit={50}
        placeholder={t('log.filter.anyType')}
        value={eventType}
        data={types.map(({ type }) => type)}
        onChange={typeEventType}
      />
      <NumberInput
        label={t('log.filter.status')}
        w={{ base: '100%', xs: 130 }}
        min={100}
        max={599}
        allowDecimal={false}
        hideControls
        placeholder={t('log.filter.anyCode')}
        value={status}
        onChange={typeStatus}
      />
      <Select
        label={t('log.filter.errorCode')}
        w={{ base: '100%', xs: 200 }}
        clearable
        placeholder={t('log.filter.anyCode')}
        value={filter.errorCode ?? null}
        data={[...ERROR_CODES]}
        onChange={(value) => onChange({ errorCode: value ?? undefined })}
      />
    </Group>
  );
}
