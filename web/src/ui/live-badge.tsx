import { Button, Group, Text } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { stream } from '../api/live.ts';
import { useObservable } from '../api/observable.ts';
import type { StreamState } from '../api/stream.ts';
import { Status } from './status.tsx';
import type { StatusKind } from './theme.ts';

const KINDS: Record<Exclude<StreamState, 'idle'>, StatusKind> = {
  live: 'good',
  connecting: 'busy',
  reconnecting: 'waiting',
  paused: 'neutral',
};

/** Whether what is on the screen follows what happens, and the switch for that. Nothing on pages that do not. */
export function LiveBadge() {
  const { t } = useTranslation();
  const state = useObservable(stream.state);
  if (state === 'idle') return null;
  const isPaused = state === 'paused';
  const label = t(isPaused ? 'shell.stream.resume' : 'shell.stream.pause');
  const Icon = isPaused ? IconPlayerPlay : IconPlayerPause;
  return (
    <Group gap="xs" role="status" wrap="nowrap">
      <Status kind={KINDS[state]}>{t(`shell.stream.${state}`)}</Status>
      <Button size="compact-sm" variant="default" aria-label={label} onClick={isPaused ? stream.resume : stream.pause}>
        <Icon size={14} aria-hidden />
        <Text span inherit ms={8} visibleFrom="sm">
          {label}
        </Text>
      </Button>
    </Group>
  );
}
