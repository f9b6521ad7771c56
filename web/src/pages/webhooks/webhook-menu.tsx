import { ActionIcon, Menu } from '@mantine/core';
import {
  IconCopy,
  IconDots,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlugConnected,
  IconPower,
  IconTrash,
} from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/session.ts';
import { PageMenuItem } from '../../ui/page-link.tsx';
import { useWebhookActions } from './webhook-actions.ts';
import type { Webhook } from './webhook-queries.ts';

interface WebhookMenuProps {
  webhook: Webhook;
  onTest: () => void;
  /** Called when it has been hidden, to be deleted. */
  onRemoved?: () => void;
}

/** What who is signed in may do with a webhook. Nothing for those who may only look. */
export function WebhookMenu({ webhook, onTest, onRemoved }: WebhookMenuProps) {
  const { t } = useTranslation();
  const { pause, resume, setEnabled, remove } = useWebhookActions();
  const mayAct = useMay('operator');
  const mayChange = useMay('admin');
  const { id, name, state, pauseReason, enabled } = webhook;
  const [isWanted, setIsWanted] = useState(false);
  if (!mayAct) return null;
  const button = {
    variant: 'subtle',
    color: 'gray',
    size: 32,
    'aria-label': t('webhooks.actionsOf', { name }),
  } as const;
  // A list has one for each row: what it takes to open one is made when one is opened.
  if (!isWanted) {
    return (
      <ActionIcon {...button} aria-haspopup="menu" aria-expanded={false} onClick={() => setIsWanted(true)}>
        <IconDots size={18} aria-hidden />
      </ActionIcon>
    );
  }
  const isPaused = state === 'paused' || pauseReason !== null;
  return (
    <Menu position="bottom-end" withinPortal defaultOpened>
      <Menu.Target>
        <ActionIcon {...button}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPlugConnected size={16} aria-hidden />} onClick={onTest}>
          {t('webhooks.test.verb')}
        </Menu.Item>
        {isPaused ? (
          <Menu.Item leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => void resume(webhook)}>
            {t('webhooks.resume')}
          </Menu.Item>
        ) : (
          <Menu.Item leftSection={<IconPlayerPause size={16} aria-hidden />} onClick={() => void pause(webhook)}>
            {t('webhooks.pause')}
          </Menu.Item>
        )}
        {mayChange && (
          <>
            <Menu.Divider />
            <PageMenuItem
              leftSection={<IconPencil size={16} aria-hidden />}
              to="/settings/notification-services/webhooks/$id/edit"
              params={{ id }}
            >
              {t('common.edit')}
            </PageMenuItem>
            <PageMenuItem
              leftSection={<IconCopy size={16} aria-hidden />}
              to="/settings/notification-services/webhooks/new"
              search={{ from: id }}
            >
              {t('webhooks.duplicate')}
            </PageMenuItem>
            <Menu.Item
              leftSection={<IconPower size={16} aria-hidden />}
              onClick={() => void setEnabled(webhook, !enabled)}
            >
              {t(enabled ? 'webhooks.disable' : 'webhooks.enable')}
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item
              color="red"
              leftSection={<IconTrash size={16} aria-hidden />}
              onClick={() => {
                remove(webhook);
                onRemoved?.();
              }}
            >
              {t('common.delete')}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
