import { useTranslation } from 'react-i18next';
import { Status } from '../../ui/status.tsx';
import type { StatusKind } from '../../ui/theme.ts';
import type { DeliveryState } from './delivery-search.ts';

const KINDS: Record<DeliveryState, StatusKind> = {
  pending: 'waiting',
  delivering: 'busy',
  retrying: 'waiting',
  delivered: 'good',
  exhausted: 'bad',
  cancelled: 'neutral',
};

/** How a delivery stands. */
export function DeliveryStatus({ state }: { state: DeliveryState }) {
  const { t } = useTranslation();
  return <Status kind={KINDS[state]}>{t(`log.states.${state}`)}</Status>;
}
