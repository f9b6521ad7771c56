import { Stack, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../../api/problem.ts';
import { ApiFormView } from '../../forms/api-form.tsx';
import { UnsavedGuard } from '../../forms/unsaved-guard.tsx';
import { sortFaults, useApiForm } from '../../forms/use-api-form.ts';
import { Callout } from '../../ui/callout.tsx';
import { AuthenticationSection } from './authentication-section.tsx';
import { ConnectionTest } from './connection-test.tsx';
import { DeliverySection } from './delivery-section.tsx';
import { DestinationSection } from './destination-section.tsx';
import { atRows, type Draft, SETTINGS, type SettingName } from './draft.ts';
import { DraftProvider } from './draft-context.tsx';
import { EventsSection } from './events-section.tsx';
import { PayloadSection } from './payload-section.tsx';
import { Section } from './section.tsx';
import { SigningSection } from './signing-section.tsx';
import { TlsSection } from './tls-section.tsx';
import type { Exchange } from './webhook-queries.ts';

interface WebhookFormProps {
  initial: Draft;
  inherited: Draft;
  of?: 'webhook' | 'defaults';
  /** Null while it is not saved. */
  webhookId?: string | null;
  verb: string;
  isReadOnly?: boolean;
  onCancel?: () => void;
  /** Saves the draft; what it throws is shown at the fields. */
  save: (draft: Draft) => Promise<unknown>;
  /** Sends the draft as a test; absent where there is nothing to send to. */
  test?: (draft: Draft, eventType: string | null, isDirty: boolean) => Promise<Exchange>;
  /** Who changes what is in use, and so is told what that means for what is owed already. */
  isInUse?: boolean;
  children?: ReactNode;
}

/** All settings of a webhook, or of the defaults. */
export function WebhookForm({
  initial,
  inherited,
  of = 'webhook',
  webhookId = null,
  verb,
  isReadOnly = false,
  onCancel,
  save,
  test,
  isInUse = false,
  children,
}: WebhookFormProps) {
  const { t } = useTranslation();
  const [isSaved, setIsSaved] = useState(false);
  const form = useApiForm<Draft>({
    initialValues: initial,
    async send(draft) {
      await placed(draft, () => save(draft));
      setIsSaved(true);
    },
  });
  const { fields } = form;
  const changed = changedSettings(initial, fields.values);

  async function placed<T>(draft: Draft, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw atRows(error, draft);
    }
  }

  /** Faults of what is tested are shown at the fields, too. */
  async function sendTest(eventType: string | null): Promise<Exchange> {
    const draft = fields.values;
    try {
      return await placed(draft, async () => {
        if (test === undefined) throw new Error('There is nothing to test.');
        return test(draft, eventType, fields.isDirty());
      });
    } catch (error) {
      if (error instanceof Problem) fields.setErrors(Object.fromEntries(sortFaults(error.errors, draft)[0]));
      throw error;
    }
  }

  function pin(sha256: string): void {
    fields.setValues({ own: { ...fields.values.own, tls: true } });
    fields.setFieldValue('tls.pinnedSha256', sha256);
  }

  return (
    <DraftProvider value={{ fields, inherited, of, isReadOnly }}>
      <div className="long-form">
        <ApiFormView form={form} verb={verb} isReadOnly={isReadOnly} {...(onCancel === undefined ? {} : { onCancel })}>
          {of === 'webhook' && (
            <TextInput
              label={t('common.name')}
              description={t('webhooks.form.nameHint')}
              required
              withAsterisk={false}
              autoComplete="off"
              maw={520}
              {...fields.getInputProps('name')}
            />
          )}
          <DestinationSection />
          <AuthenticationSection />
          <SigningSection isNew={of === 'webhook' && webhookId === null} />
          <EventsSection />
          <PayloadSection webhookId={webhookId} />
          <DeliverySection />
          <TlsSection />
          {test !== undefined && (
            <Section title={t('webhooks.test.title')} lead={t('webhooks.test.lead')}>
              <ConnectionTest send={sendTest} {...(isReadOnly ? {} : { onPin: pin })} />
            </Section>
          )}
          {isInUse && <Consequences changed={changed} of={of} />}
        </ApiFormView>
      </div>
      {children}
      <UnsavedGuard isDirty={fields.isDirty() && !isSaved && !isReadOnly} />
    </DraftProvider>
  );
}

/** The settings in which two drafts differ. */
export function changedSettings(before: Draft, after: Draft): SettingName[] {
  return SETTINGS.filter(
    (name) => before.own[name] !== after.own[name] || JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
}

/** When a change reaches what is owed already. */
const REACH = {
  nextAttempt: ['url', 'auth', 'headers', 'limits', 'signing', 'timeoutMs', 'tls', 'allowInsecureHttp'],
  nextPlan: ['retry'],
  newOnly: ['method', 'contentType', 'payload', 'eventTypes', 'scope', 'routing'],
  held: ['enabled'],
} as const satisfies Record<string, readonly SettingName[]>;

/** What the changes mean for deliveries that are on their way. */
function Consequences({ changed, of }: { changed: readonly SettingName[]; of: 'webhook' | 'defaults' }) {
  const { t } = useTranslation();
  const reached = (Object.keys(REACH) as (keyof typeof REACH)[]).filter((reach) =>
    REACH[reach].some((name) => changed.includes(name)),
  );
  if (reached.length === 0) return null;
  return (
    <Callout kind="waiting" title={t('webhooks.reach.title')}>
      <Stack gap={4}>
        {of === 'defaults' && <span>{t('webhooks.reach.defaults')}</span>}
        {reached.map((reach) => (
          <span key={reach}>
            <strong>
              {REACH[reach]
                .filter((name) => changed.includes(name))
                .map((name) => t(`webhooks.settings.${name}`))
                .join(', ')}
              :
            </strong>{' '}
            {t(`webhooks.reach.${reach}`)}
          </span>
        ))}
      </Stack>
    </Callout>
  );
}
