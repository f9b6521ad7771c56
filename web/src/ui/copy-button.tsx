import { ActionIcon, Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

interface CopyButtonProps {
  /** What is copied, or what makes it when it is wanted. */
  text: string | (() => string);
  /** What is copied, in words: the button's name for those who do not see it. */
  what: string;
  /** What the button says; absent: that it copies. */
  label?: string;
  /** Only the icon, for places such as a cell of a table. */
  isCompact?: boolean;
}

/** Copies a text, and says that it has. */
export function CopyButton({ text, what, label: said, isCompact = false }: CopyButtonProps) {
  const { t } = useTranslation();
  const clipboard = useClipboard({ timeout: 2_000 });
  const label = clipboard.copied ? t('common.copied') : t('common.copyOf', { what });
  const Icon = clipboard.copied ? IconCheck : IconCopy;
  const copy = () => clipboard.copy(typeof text === 'string' ? text : text());
  if (isCompact) {
    return (
      <ActionIcon variant="subtle" aria-label={label} title={label} onClick={copy}>
        <Icon size={16} aria-hidden />
      </ActionIcon>
    );
  }
  return (
    <Button
      variant="light"
      leftSection={<Icon size={16} aria-hidden />}
      aria-label={said === undefined ? label : undefined}
      onClick={copy}
    >
      {clipboard.copied ? t('common.copied') : (said ?? t('common.copy'))}
    </Button>
  );
}
