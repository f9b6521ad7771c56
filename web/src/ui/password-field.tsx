import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A password that can be looked at while it is typed, pasted, and filled in by a password manager. */
export function PasswordField(props: PasswordInputProps) {
  const { t } = useTranslation();
  const toggle = { 'aria-label': t('common.showPassword'), tabIndex: 0 };
  return <PasswordInput visibilityToggleButtonProps={toggle} {...props} />;
}
