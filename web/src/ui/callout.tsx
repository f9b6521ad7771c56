import { Alert, type AlertProps } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import type { StatusKind } from './theme.ts';

const ICONS = {
  good: IconCircleCheck,
  bad: IconAlertTriangle,
  waiting: IconAlertTriangle,
  busy: IconInfoCircle,
  neutral: IconInfoCircle,
} as const;

interface CalloutProps extends Omit<AlertProps, 'color' | 'variant' | 'icon' | 'vars'> {
  kind: StatusKind;
}

/** Something to know before going on, in the colours of a status: Mantine's own are too pale for text. */
export function Callout({ kind, ...props }: CalloutProps) {
  const Icon = ICONS[kind];
  return (
    <Alert
      variant="light"
      icon={<Icon aria-hidden />}
      vars={() => ({
        root: { '--alert-bg': `var(--status-${kind}-tint)`, '--alert-color': `var(--status-${kind}-text)` },
      })}
      {...props}
    />
  );
}
