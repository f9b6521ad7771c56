import { notifications } from '@mantine/notifications';
import i18next from 'i18next';

interface Notice {
  message: string;
  /** Whether it tells of something that is done. */
  isGood?: boolean;
}

/** Says something in a corner of the page, for a while. */
export function notify({ message, isGood = false }: Notice): void {
  notifications.show({
    message,
    ...(isGood ? { color: 'green' } : {}),
    closeButtonProps: { 'aria-label': i18next.t('common.close') },
  });
}
