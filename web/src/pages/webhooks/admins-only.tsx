import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useSession } from '../../api/session.ts';
import { Page } from '../../ui/page.tsx';

/** A page for administrators, and for others that it is one. */
export function AdminsOnly({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const { role } = useSession().actor;
  if (useMay('admin')) return children;
  const hint = { role: t('common.roles.admin'), yours: t(`common.roles.${role}`) };
  return (
    <Page title={t('shell.notAllowed')} lead={t('shell.notAllowedHint', hint)}>
      {null}
    </Page>
  );
}
