import { Alert, Button, Group, List } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type FieldError, Problem, ServerGone } from '../api/problem.ts';

interface ProblemAlertProps {
  title: string;
  error: unknown;
  /** What is wrong beside what the fields themselves show. */
  details?: readonly FieldError[];
  onTryAgain?: () => void;
}

/** What went wrong, in the words of whoever refused it. */
export function ProblemAlert({ title, error, details = [], onTryAgain }: ProblemAlertProps) {
  const { t } = useTranslation();
  return (
    <Alert role="alert" color="red" title={title} icon={<IconAlertTriangle aria-hidden />}>
      <Explanation error={error} />
      {details.length > 0 && (
        <List size="sm">
          {details.map(({ pointer, detail }) => (
            <List.Item key={pointer}>
              <code>{pointer}</code> {detail}
            </List.Item>
          ))}
        </List>
      )}
      {onTryAgain !== undefined && (
        <Group mt="sm">
          <Button variant="default" onClick={onTryAgain}>
            {t('common.tryAgain')}
          </Button>
        </Group>
      )}
    </Alert>
  );
}

function Explanation({ error }: { error: unknown }): ReactNode {
  const { t } = useTranslation();
  if (error instanceof ServerGone) return t('shell.gone.notCarriedOut');
  if (error instanceof Problem) return error.message;
  return error instanceof Error ? error.message : String(error);
}
