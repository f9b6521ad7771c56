import { Button, Group, Modal, Stack, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A setting in both versions. */
export interface Difference {
  label: string;
  mine: string;
  theirs: string;
}

interface ConflictDialogProps {
  differences: readonly Difference[];
  onTakeTheirs: () => void;
  onSaveMine: () => void;
}

/** Asks which of two versions is to stay, when somebody else has saved one meanwhile (HTTP 412). */
export function ConflictDialog({ differences, onTakeTheirs, onSaveMine }: ConflictDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onTakeTheirs}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      size="lg"
      title={t('common.conflict.title')}
    >
      <Stack>
        <Text>{t('common.conflict.hint')}</Text>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t('common.conflict.field')}</Table.Th>
              <Table.Th scope="col">{t('common.conflict.mine')}</Table.Th>
              <Table.Th scope="col">{t('common.conflict.theirs')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {differences.map(({ label, mine, theirs }) => (
              <Table.Tr key={label}>
                <Table.Th scope="row">{label}</Table.Th>
                <Table.Td className="long-text">{mine}</Table.Td>
                <Table.Td className="long-text">{theirs}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Group justify="flex-end">
          <Button variant="default" onClick={onTakeTheirs}>
            {t('common.conflict.takeTheirs')}
          </Button>
          <Button onClick={onSaveMine}>{t('common.conflict.saveMine')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
