import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemAlert } from './problem-alert.tsx';

interface ConfirmProps {
  /** A question that yes or no answers. */
  title: string;
  /** What follows from a yes. */
  hint: ReactNode;
  /** The verb on the button. */
  verb: string;
  /** Done on a yes. The dialog stays open, and says why, when it fails. */
  act: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, hint, verb, act, onClose }: ConfirmProps) {
  const { t } = useTranslation();
  const action = useMutation({ mutationFn: act, onSuccess: onClose });
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <Stack>
        <Text className="long-text">{hint}</Text>
        {action.isError && <ProblemAlert title={t('common.form.problems')} error={action.error} />}
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button color="red" loading={action.isPending} onClick={() => action.mutate()}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
