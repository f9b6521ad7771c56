import { Group, Kbd, Modal, Stack, Switch, Text } from '@mantine/core';
import { useHotkeys, useLocalStorage } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { PAGE_SEARCH } from '../ui/page-search.ts';

/** Whether shortcuts of a single key are on (WCAG 2.2, 2.1.4), and how to change that. */
function useSingleKeys() {
  return useLocalStorage({ key: 'waybill.single-keys', defaultValue: true, getInitialValueInEffect: false });
}

/** Listens for the keys that mean the same on every page. */
export function useShortcuts(onHelp: () => void): void {
  const [isOn] = useSingleKeys();
  useHotkeys(
    isOn
      ? [
          ['/', focusSearch],
          ['shift+/', focusSearch],
          ['?', onHelp],
          ['shift+?', onHelp],
        ]
      : [],
  );
}

function focusSearch(): void {
  document.querySelector<HTMLElement>(`[${Object.keys(PAGE_SEARCH)[0]}]`)?.focus();
}

/** Lists the shortcuts. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [isOn, setOn] = useSingleKeys();
  const modifier = navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl';
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('shell.shortcuts.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Shortcut keys={[modifier, 'K']} label={t('shell.shortcuts.palette')} />
        {isOn && (
          <>
            <Shortcut keys={['/']} label={t('shell.shortcuts.search')} />
            <Shortcut keys={['?']} label={t('shell.shortcuts.help')} />
          </>
        )}
        <Switch
          checked={isOn}
          onChange={(event) => setOn(event.currentTarget.checked)}
          label={t('shell.shortcuts.singleKeys')}
          description={t('shell.shortcuts.singleKeysHint')}
        />
      </Stack>
    </Modal>
  );
}

function Shortcut({ keys, label }: { keys: readonly string[]; label: string }) {
  return (
    <Group justify="space-between">
      <Text>{label}</Text>
      <Group gap={4}>
        {keys.map((key) => (
          <Kbd key={key}>{key}</Kbd>
        ))}
      </Group>
    </Group>
  );
}
