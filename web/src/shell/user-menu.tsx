import { Box, Button, type MantineColorScheme, Menu, Text, useMantineColorScheme } from '@mantine/core';
import { IconChevronDown, IconKeyboard, IconLogout, IconUser } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../api/session.ts';
import { changeLanguage, LANGUAGES, type Language } from '../locales/index.ts';

const SCHEMES: readonly MantineColorScheme[] = ['light', 'dark', 'auto'];

/** Who is signed in, and what that person prefers. */
export function UserMenu({ onShortcuts, onSignOut }: { onShortcuts: () => void; onSignOut: () => void }) {
  const { t, i18n } = useTranslation();
  const { name, email } = useSession().actor;
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <Button
          variant="subtle"
          aria-label={name}
          rightSection={<IconChevronDown size={16} aria-hidden />}
          className="user-button"
        >
          <Text span inherit truncate visibleFrom="sm">
            {name}
          </Text>
          <Box component={IconUser} size={18} aria-hidden hiddenFrom="sm" />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className="long-text">{t('shell.signedInAs', { name: email ?? name })}</Menu.Label>
        <Menu.Label>{t('shell.appearance')}</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}>
          {SCHEMES.map((scheme) => (
            <Menu.RadioItem key={scheme} value={scheme}>
              {t(`shell.schemes.${scheme}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Label>{t('shell.language')}</Menu.Label>
        <Menu.RadioGroup value={i18n.language} onChange={(language) => void changeLanguage(language as Language)}>
          {Object.entries(LANGUAGES).map(([language, own]) => (
            <Menu.RadioItem key={language} value={language} lang={language}>
              {own}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={onShortcuts}>
          {t('shell.shortcuts.title')}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={onSignOut}>
          {t('shell.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
