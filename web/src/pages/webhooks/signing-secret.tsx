import { Anchor, Button, Code, Group, Select, Stack, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useMay } from '../../api/session.ts';
import { ApiFormView } from '../../forms/api-form.tsx';
import { useApiForm } from '../../forms/use-api-form.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { Instant } from '../../ui/instant.tsx';
import { SecretDialog } from './secret-dialog.tsx';
import { useWebhookActions } from './webhook-actions.ts';
import type { Webhook } from './webhook-queries.ts';

/** What a webhook signs with, as far as it can be shown, and the way to another secret. */
export function SigningSecret({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const mayRotate = useMay('admin');
  const [isRotating, setIsRotating] = useState(false);
  const { signing, publicKey, previousSecretExpiresAt } = webhook;
  return (
    <Stack gap="sm" align="start">
      <Text size="sm">{t(`webhooks.schemes.${signing.scheme}`)}</Text>
      {publicKey !== undefined && (
        <Stack gap={4}>
          <Text size="sm" c="dimmed">
            {t('webhooks.detail.publicKeyHint')}{' '}
            <Anchor href="/.well-known/jwks.json" target="_blank" size="sm" underline="always">
              /.well-known/jwks.json
            </Anchor>
          </Text>
          <Group gap="xs" wrap="nowrap">
            <Code className="long-text">{publicKey}</Code>
            <CopyButton text={publicKey} what={t('webhooks.detail.publicKey')} isCompact />
          </Group>
        </Stack>
      )}
      {previousSecretExpiresAt !== null && (
        <Text size="sm">
          {t('webhooks.detail.overlap')} <Instant at={previousSecretExpiresAt} show="both" />
        </Text>
      )}
      {mayRotate && (
        <Button
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          onClick={() => setIsRotating(true)}
        >
          {t('webhooks.detail.rotate')}
        </Button>
      )}
      {isRotating && <RotateDialog id={webhook.id} onClose={() => setIsRotating(false)} />}
    </Stack>
  );
}

const HOUR_MS = 3_600_000;
const OVERLAPS = { none: 0, hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS } as const;

/** Asks for how long both secrets are to sign, and then shows the new one, once. */
function RotateDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const { forget } = useWebhookActions();
  const [secret, setSecret] = useState<string | null>(null);
  const form = useApiForm({
    initialValues: { overlapMs: 'day' as keyof typeof OVERLAPS },
    async send({ overlapMs }) {
      const call = api.POST('/api/v1/webhooks/{id}/rotate-secret', {
        params: { path: { id } },
        body: { overlapMs: OVERLAPS[overlapMs] },
      });
      setSecret((await dataOf(call)).signingSecret);
      await forget();
    },
  });
  if (secret !== null) return <SecretDialog secret={secret} onClose={onClose} />;
  return (
    <FormDialog title={t('webhooks.detail.rotate')} onClose={onClose}>
      <ApiFormView form={form} verb={t('webhooks.detail.rotate')} onCancel={onClose}>
        <Text size="sm">{t('webhooks.detail.rotateHint')}</Text>
        <Select
          label={t('webhooks.detail.overlapFor')}
          allowDeselect={false}
          data={(Object.keys(OVERLAPS) as (keyof typeof OVERLAPS)[]).map((value) => ({
            value,
            label: t(`webhooks.detail.overlaps.${value}`),
          }))}
          {...form.fields.getInputProps('overlapMs')}
        />
      </ApiFormView>
    </FormDialog>
  );
}
