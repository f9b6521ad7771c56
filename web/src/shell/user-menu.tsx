import { Button, type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core';
import { IconCheck, IconChevronDown, IconKeyboard, IconLogout } from '@tabler/icons-react';
import type { ReactNode } from 'react';
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
        <Button variant="subtle" rightSection={<IconChevronDown size={16} aria-hidden />} className="user-button">
          {name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className="long-text">{t('shell.signedInAs', { name: email ?? name })}</Menu.Label>
        <Menu.Label>{t('shell.appearance')}</Menu.Label>
        {SCHEMES.map((scheme) => (
          <Choice key={scheme} isChosen={scheme === colorScheme} onChoose={() => setColorScheme(scheme)}>
            {t(`shell.schemes.${scheme}`)}
          </Choice>
        ))}
        <Menu.Label>{t('shell.language')}</Menu.Label>
        {Object.entries(LANGUAGES).map(([language, own]) => (
          <Choice
            key={language}
            isChosen={language === i18n.language}
            onChoose={() => void changeLanguage(language as Language)}
          >
            <span lang={language}>{own}</span>
          </Choice>
        ))}
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

function Choice({ isChosen, onChoose, children }: { isChosen: boolean; onChoose: () => void; children: ReactNode }) {
  return (
    <Menu.Item
      role="menuitemradio"
      aria-checked={isChosen}
      leftSection={<IconCheck size={16} aria-hidden visibility={isChosen ? 'visible' : 'hidden'} />}
      onClick={onChoose}
    >
      {children}
    </Menu.Item>
  );
}
