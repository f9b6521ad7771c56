import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDot,
  IconClock,
  type IconProps,
  IconRefresh,
} from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';
import type { StatusKind } from './theme.ts';

const ICONS: Record<StatusKind, ComponentType<IconProps>> = {
  good: IconCircleCheck,
  bad: IconAlertTriangle,
  waiting: IconClock,
  busy: IconRefresh,
  neutral: IconCircleDot,
};

/** How something stands: an icon and a word, and never a colour alone. */
export function Status({ kind, children }: { kind: StatusKind; children: ReactNode }) {
  const Icon = ICONS[kind];
  return (
    <span
      className="status"
      style={{ color: `var(--status-${kind}-text)`, backgroundColor: `var(--status-${kind}-tint)` }}
    >
      <Icon size={15} stroke={2} aria-hidden />
      {children}
    </span>
  );
}
