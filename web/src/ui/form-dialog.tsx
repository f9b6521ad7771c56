import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isExpired } from '../api/credentials.ts';
import { useObservable } from '../api/observable.ts';

interface FormDialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A form in a dialog. A click beside it does not close it, and Escape not while somebody has to sign in again above it. */
export function FormDialog({ title, onClose, children }: FormDialogProps) {
  const { t } = useTranslation();
  const isCovered = useObservable(isExpired);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeOnEscape={!isCovered}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {children}
    </Modal>
  );
}
