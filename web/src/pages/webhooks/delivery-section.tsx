import { NumberInput, SegmentedControl, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Draft } from './draft.ts';
import { retryOf } from './draft.ts';
import { Setting, useDraft, useFaultsIn } from './draft-context.tsx';
import { RetryTimeLine } from './retry-time-line.tsx';
import { Section } from './section.tsx';

const STRATEGIES = ['delays', 'fixed', 'exponential'] as const satisfies readonly Draft['retry']['strategy'][];

/** How patiently, how often and how fast it is sent. */
export function DeliverySection() {
  const { t } = useTranslation();
  const { fields } = useDraft();
  return (
    <Section title={t('webhooks.form.delivery')} lead={t('webhooks.form.deliveryLead')}>
      <Setting name="timeoutMs" label={t('webhooks.settings.timeoutMs')} hint={t('webhooks.form.timeoutHint')}>
        {(field) => <TextInput {...field} maw={220} placeholder="15 s" {...fields.getInputProps('timeoutMs')} />}
      </Setting>
      <Setting name="limits" label={t('webhooks.settings.limits')} isGroup>
        {({ disabled }) => (
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <NumberInput
              label={t('webhooks.form.maxConcurrency')}
              min={1}
              disabled={disabled}
              {...fields.getInputProps('limits.maxConcurrency')}
            />
            <NumberInput
              label={t('webhooks.form.ratePerSecond')}
              placeholder={t('webhooks.form.unlimited')}
              disabled={disabled}
              {...fields.getInputProps('limits.ratePerSecond')}
            />
          </SimpleGrid>
        )}
      </Setting>
      <Setting name="retry" label={t('webhooks.settings.retry')} hint={t('webhooks.form.retryHint')} isGroup>
        {({ disabled }) => (
          <Stack gap="sm">
            <SegmentedControl
              disabled={disabled}
              aria-label={t('webhooks.settings.retry')}
              data={STRATEGIES.map((value) => ({ value, label: t(`webhooks.strategies.${value}`) }))}
              {...fields.getInputProps('retry.strategy')}
            />
            <PlanFields disabled={disabled} />
            <RetryTimeLine retry={retryOf(fields.values.retry)} />
          </Stack>
        )}
      </Setting>
    </Section>
  );
}

function PlanFields({ disabled }: { disabled: boolean }) {
  const { t } = useTranslation();
  const { fields } = useDraft();
  const delaysFault = useFaultsIn('retry.delaysMs');
  const field = (path: string) => ({ disabled, ...fields.getInputProps(path) });
  const jitter = (
    <NumberInput
      label={t('webhooks.form.jitter')}
      description={t('webhooks.form.jitterHint')}
      suffix=" %"
      min={0}
      max={100}
      {...field('retry.jitter')}
    />
  );
  const maxAttempts = <NumberInput label={t('webhooks.form.maxAttempts')} {...field('retry.maxAttempts')} />;
  switch (fields.values.retry.strategy) {
    case 'delays':
      return (
        <Stack gap="sm">
          <TextInput
            label={t('webhooks.form.delays')}
            description={t('webhooks.form.delaysHint')}
            {...field('retry.delaysMs')}
            error={delaysFault}
          />
          {jitter}
        </Stack>
      );
    case 'fixed':
      return (
        <SimpleGrid cols={{ base: 1, sm: 3 }} className="bottom-aligned">
          {maxAttempts}
          <TextInput label={t('webhooks.form.delay')} {...field('retry.delayMs')} />
          {jitter}
        </SimpleGrid>
      );
    case 'exponential':
      return (
        <SimpleGrid cols={{ base: 1, sm: 3 }} className="bottom-aligned">
          {maxAttempts}
          <TextInput label={t('webhooks.form.initialDelay')} {...field('retry.initialDelayMs')} />
          <NumberInput label={t('webhooks.form.factor')} {...field('retry.factor')} />
          <TextInput label={t('webhooks.form.maxDelay')} {...field('retry.maxDelayMs')} />
          {jitter}
        </SimpleGrid>
      );
  }
}
