import { Alert, Button, Group, Text } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { connection } from '../api/client.ts';
import { useObservable } from '../api/observable.ts';
import { serverNow } from '../api/server-clock.ts';
import { useNow } from '../ui/instant.tsx';

/** Says that the server does not answer, since when, and when it is asked next. */
export function GoneBanner() {
  const state = useObservable(connection.state);
  return state.isGone && <Banner sinceMs={state.sinceMs} nextTryMs={state.nextTryMs} />;
}

function Banner({ sinceMs, nextTryMs }: { sinceMs: number; nextTryMs: number }) {
  const { t, i18n } = useTranslation();
  // Both instants are of this machine's clock.
  const nowMs = useNow() - serverNow() + Date.now();
  const at = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium' }).format(sinceMs);
  const seconds = Math.max(0, Math.ceil((nextTryMs - nowMs) / 1_000));
  return (
    <Alert
      role="alert"
      color="red"
      radius={0}
      className="gone-banner"
      title={t('shell.gone.title')}
      icon={<IconPlugConnectedX aria-hidden />}
    >
      <Group justify="space-between">
        <Text size="sm" aria-live="off">
          {t('shell.gone.hint', { at, seconds })}
        </Text>
        <Button size="compact-sm" variant="default" onClick={connection.tryNow}>
          {t('shell.gone.tryNow')}
        </Button>
      </Group>
    </Alert>
  );
}
