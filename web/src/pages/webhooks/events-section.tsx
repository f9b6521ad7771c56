import { SegmentedControl, SimpleGrid, Stack, TagsInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Callout } from '../../ui/callout.tsx';
import { isEverything, SCOPES } from './draft.ts';
import { Setting, useDraft, useFaultsIn } from './draft-context.tsx';
import { EventPicker } from './event-picker.tsx';
import { Section } from './section.tsx';

/** What the receiver is told of. */
export function EventsSection() {
  const { t } = useTranslation();
  return (
    <Section title={t('webhooks.form.events')} lead={t('webhooks.form.eventsLead')}>
      <TypesSetting />
      <ScopeSetting />
      <RoutingSetting />
    </Section>
  );
}

function TypesSetting() {
  const { t } = useTranslation();
  const { fields } = useDraft();
  const fault = useFaultsIn('eventTypes');
  const { eventTypes, own } = fields.values;
  const [isChoosing, setIsChoosing] = useState(!isEverything(eventTypes));
  const isShown = own.eventTypes ? isChoosing : !isEverything(eventTypes);

  function choose(choice: string): void {
    setIsChoosing(choice === 'some');
    if (choice === 'all') fields.setFieldValue('eventTypes', []);
  }

  return (
    <Setting name="eventTypes" label={t('webhooks.settings.eventTypes')} isGroup>
      {({ disabled }) => (
        <Stack gap="sm">
          <SegmentedControl
            aria-label={t('webhooks.settings.eventTypes')}
            disabled={disabled}
            value={isShown ? 'some' : 'all'}
            onChange={choose}
            data={[
              { value: 'all', label: t('webhooks.form.allEvents') },
              { value: 'some', label: t('webhooks.form.someEvents') },
            ]}
          />
          {isShown && (
            <EventPicker
              chosen={eventTypes}
              disabled={disabled}
              onChange={(chosen) => fields.setFieldValue('eventTypes', chosen)}
            />
          )}
          {fault !== undefined && <Callout kind="bad">{fault}</Callout>}
        </Stack>
      )}
    </Setting>
  );
}

function ScopeSetting() {
  const { t } = useTranslation();
  const { fields } = useDraft();
  return (
    <Setting name="scope" label={t('webhooks.settings.scope')} hint={t('webhooks.form.scopeHint')} isGroup>
      {({ disabled }) => (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {SCOPES.map((list) => (
            <TagsInput
              key={list}
              label={t(`webhooks.scopes.${list}`)}
              placeholder={fields.values.scope[list].length === 0 ? t('webhooks.form.anyId') : ''}
              disabled={disabled}
              splitChars={[',', ' ', '\n']}
              {...fields.getInputProps(`scope.${list}`)}
            />
          ))}
        </SimpleGrid>
      )}
    </Setting>
  );
}

function RoutingSetting() {
  const { t } = useTranslation();
  const { fields } = useDraft();
  const { routing } = fields.values;
  const hint = routing === 'unmatched' ? t('webhooks.form.unmatchedHint') : t('webhooks.form.alwaysHint');
  return (
    <Setting name="routing" label={t('webhooks.settings.routing')} hint={hint} isGroup>
      {({ disabled }) => (
        <SegmentedControl
          aria-label={t('webhooks.settings.routing')}
          disabled={disabled}
          data={[
            { value: 'always', label: t('webhooks.routings.always') },
            { value: 'unmatched', label: t('webhooks.routings.unmatched') },
          ]}
          {...fields.getInputProps('routing')}
        />
      )}
    </Setting>
  );
}
