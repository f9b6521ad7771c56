import { useTranslation } from 'react-i18next';
import { Status } from '../../ui/status.tsx';
import type { StatusKind } from '../../ui/theme.ts';
import type { InboxRequest } from './inboxes.ts';

const KINDS: Record<InboxRequest['signature']['verdict'], StatusKind> = {
  valid: 'good',
  wrong: 'bad',
  not_checked: 'neutral',
};

/** What the signature of a request is worth. */
export function Verdict({ signature: { verdict } }: Pick<InboxRequest, 'signature'>) {
  const { t } = useTranslation();
  return <Status kind={KINDS[verdict]}>{t(`inbox.verdicts.${verdict}`)}</Status>;
}
