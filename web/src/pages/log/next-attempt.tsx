import { useTranslation } from 'react-i18next';
import { Instant } from '../../ui/instant.tsx';
import type { Delivery } from './delivery.ts';
import { HOLDS, isOneOf } from './error-codes.ts';

interface NextAttemptProps {
  delivery: Pick<Delivery, 'reason' | 'nextAttemptAt'>;
  show?: 'relative' | 'both';
}

/** When a delivery is tried next, or what has to happen before. */
export function NextAttempt({ delivery, show = 'relative' }: NextAttemptProps) {
  const { t } = useTranslation();
  const { reason, nextAttemptAt } = delivery;
  if (isOneOf(HOLDS, reason)) return t(`log.why.holds.${reason}`);
  return nextAttemptAt === null ? '–' : <Instant at={nextAttemptAt} show={show} />;
}
