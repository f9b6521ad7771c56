import { useLocation } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Page } from '../ui/page.tsx';

/** In the place of a page that does not exist. */
export function NotFound() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  return (
    <Page title={t('shell.notFound')} lead={t('shell.notFoundHint', { path: pathname })}>
      {null}
    </Page>
  );
}
