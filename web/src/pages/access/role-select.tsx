import { Select, type SelectProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ROLES } from '../../api/session.ts';

/** The choice of a role, the one that may do least first. */
export function RoleSelect(props: SelectProps) {
  const { t } = useTranslation();
  return (
    <Select
      label={t('common.role')}
      allowDeselect={false}
      data={ROLES.map((role) => ({ value: role, label: t(`common.roles.${role}`) }))}
      {...props}
    />
  );
}
