import { AppShell, Burger, Button, Group, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { openSpotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { Outlet, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useSession, useSigningIn } from '../api/session.ts';
import { LiveBadge } from '../ui/live-badge.tsx';
import { Page } from '../ui/page.tsx';
import { PageLink } from '../ui/page-link.tsx';
import { NavigationLinks } from './navigation-links.tsx';
import { Palette } from './palette.tsx';
import { ShortcutsDialog, useShortcuts } from './shortcuts.tsx';
import { useCurrentPlace } from './use-places.ts';
import { UserMenu } from './user-menu.tsx';

/** The frame of the pages for those who are signed in: header, navigation, and the page itself. */
export function Shell() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { signOut } = useSigningIn();
  const [isMenuOpen, menu] = useDisclosure();
  const [isHelpOpen, help] = useDisclosure();
  useShortcuts(help.open);

  const leave = () => void signOut(() => navigate({ to: '/sign-in' }));
  const commands = [
    { id: 'shortcuts', label: t('shell.shortcuts.title'), run: help.open },
    { id: 'sign-out', label: t('shell.signOut'), run: leave },
  ];

  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 250, breakpoint: 'sm', collapsed: { mobile: !isMenuOpen } }}
      padding="lg"
    >
      <a className="skip-link" href="#content">
        {t('shell.skip')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isMenuOpen}
              onClick={menu.toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t('shell.openMenu')}
            />
            <PageLink to="/" underline="never" c="inherit" fw={700}>
              Waybill
            </PageLink>
          </Group>
          <Group gap="sm" wrap="nowrap">
            <LiveBadge />
            <Button
              variant="default"
              leftSection={<IconSearch size={16} aria-hidden />}
              aria-label={t('shell.search')}
              onClick={openSpotlight}
            >
              <Text span size="sm" visibleFrom="sm">
                {t('shell.search')}
              </Text>
            </Button>
            <UserMenu onShortcuts={help.open} onSignOut={leave} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar aria-label={t('shell.navigation')}>
        <AppShell.Section grow component={ScrollArea} p="xs">
          <NavigationLinks onGone={menu.close} />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <AllowedPage />
      </AppShell.Main>
      <Palette commands={commands} />
      {isHelpOpen && <ShortcutsDialog onClose={help.close} />}
    </AppShell>
  );
}

/** The page, or why it is not for this role. The API would refuse it too. */
function AllowedPage() {
  const { t } = useTranslation();
  const { place, isAllowed } = useCurrentPlace();
  const { role } = useSession().actor;
  if (isAllowed) return <Outlet />;
  const hint = { role: t(`common.roles.${place?.role ?? 'admin'}`), yours: t(`common.roles.${role}`) };
  return (
    <Page title={t('shell.notAllowed')} lead={t('shell.notAllowedHint', hint)}>
      {null}
    </Page>
  );
}
