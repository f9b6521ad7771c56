import { Button, Group, Modal, NumberInput, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, dataOf } from '../../api/client.ts';
import { useOnceKeys } from '../../api/once.ts';
import { Problem } from '../../api/problem.ts';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { MOST_NAMED, type ReplaySelection, selectionOf, selectionsOf } from './bulk-replay.ts';
import type { Delivery } from './delivery.ts';
import { type DeliveryFilter, filterQuery } from './delivery-search.ts';
import { BodyChoice, type BodyKind } from './replay-dialog.tsx';

interface Plan {
  selections: ReplaySelection[];
  /** How many deliveries they make. */
  count: number;
  /** Whether there are more deliveries than can be named. */
  isCut: boolean;
  /** Whether some went to webhooks that nothing can be sent to any more. */
  isLess: boolean;
}

/** Finds what would be sent again, and has the server count it. */
async function planFor(filter: DeliveryFilter, signal: AbortSignal): Promise<Plan> {
  const range = selectionOf(filter);
  const { deliveries, isCut } = range === null ? await readNewest(filter, signal) : { deliveries: [], isCut: false };
  const wanted = range === null ? selectionsOf(deliveries) : [range];
  const plan: Plan = { selections: [], count: 0, isCut, isLess: false };
  for (const selection of wanted) {
    try {
      const body = { ...selection, dryRun: true };
      plan.count += (await dataOf(api.POST('/api/v1/replays', { body, signal }))).count;
      plan.selections.push(selection);
    } catch (error) {
      if (wanted.length === 1 || !isAboutWebhook(error)) throw error;
      plan.isLess = true;
    }
  }
  return plan;
}

/** Whether a webhook was refused: it is deleted or disabled. */
function isAboutWebhook(error: unknown): boolean {
  if (!(error instanceof Problem)) return false;
  return error.status === 409 || error.errors.some(({ pointer }) => pointer === '/webhookId');
}

const PAGE = 250;

async function readNewest(filter: DeliveryFilter, signal: AbortSignal) {
  const query = { ...filterQuery(filter), limit: PAGE };
  const deliveries: Delivery[] = [];
  let next: string | null = null;
  do {
    const cursor: { cursor?: string } = next === null ? {} : { cursor: next };
    const page = await dataOf(api.GET('/api/v1/deliveries', { params: { query: { ...query, ...cursor } }, signal }));
    deliveries.push(...page.items);
    next = page.next;
  } while (next !== null && deliveries.length < MOST_NAMED);
  return { deliveries: deliveries.slice(0, MOST_NAMED), isCut: next !== null || deliveries.length > MOST_NAMED };
}

interface BulkReplayDialogProps {
  filter: DeliveryFilter;
  onClose: () => void;
}

/** Sends again what a list shows, after saying how much that is. */
export function BulkReplayDialog({ filter, onClose }: BulkReplayDialogProps) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const once = useOnceKeys();
  const [body, setBody] = useState<BodyKind>('rendered');
  const [ratePerSecond, setRate] = useState<number | null>(null);
  const plan = useQuery({
    queryKey: ['replays', 'plan', filter],
    queryFn: ({ signal }) => planFor(filter, signal),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const start = useMutation({
    async mutationFn(selections: readonly ReplaySelection[]) {
      for (const selection of selections) {
        const request = { ...selection, body, ratePerSecond };
        await dataOf(api.POST('/api/v1/replays', { body: request, params: { header: once(request) } }));
      }
      await cache.invalidateQueries({ queryKey: ['replays', 'list'] });
      await navigate({ to: '/administration/log-viewer/replays' });
    },
  });
  const { selections = [], count = 0, isCut = false, isLess = false } = plan.data ?? {};

  return (
    <Modal
      opened
      size="lg"
      title={t('log.bulk.title')}
      onClose={onClose}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <div role="status">
          {plan.isPending && <Text>{t('log.bulk.counting')}</Text>}
          {plan.isSuccess && <Text fw={600}>{count === 0 ? t('log.bulk.none') : t('log.bulk.count', { count })}</Text>}
        </div>
        {plan.isError && (
          <ProblemAlert title={t('log.detail.failedTo')} error={plan.error} onTryAgain={() => void plan.refetch()} />
        )}
        {isCut && <Text>{t('log.bulk.cut', { count: MOST_NAMED })}</Text>}
        {isLess && <Text>{t('log.bulk.leftOut')}</Text>}
        {selectionOf(filter) !== null && (
          <Text size="sm" c="dimmed">
            {t(filter.state === undefined ? 'log.bulk.all' : 'log.bulk.latest')}
          </Text>
        )}
        <BodyChoice value={body} onChange={(kind) => setBody(kind === 'exact' ? 'exact' : 'rendered')} />
        <NumberInput
          label={t('log.bulk.rate')}
          description={t('log.bulk.rateHint')}
          min={0.01}
          max={10_000}
          w={240}
          value={ratePerSecond ?? ''}
          onChange={(value) => setRate(typeof value === 'number' ? value : null)}
        />
        {start.isError && <ProblemAlert title={t('log.detail.failedTo')} error={start.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button disabled={count === 0} loading={start.isPending} onClick={() => start.mutate(selections)}>
            {t('log.bulk.confirm', { count })}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
