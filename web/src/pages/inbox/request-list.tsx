import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Instant } from '../../ui/instant.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { answerInWords } from './answers.ts';
import { type InboxRequest, requestsQuery } from './inboxes.ts';
import { RequestDetail } from './request-detail.tsx';
import { Verdict } from './verdict.tsx';

/** What an inbox has received, newest first, and beside it one of them: the newest, until another one is chosen. */
export function RequestList({ name }: { name: string }) {
  const { t } = useTranslation();
  const { cursor, request } = useSearch({ from: '/signed-in/integrations/inbox/$name' });
  const navigate = useNavigate({ from: '/integrations/inbox/$name' });
  const query = useQuery(requestsQuery(name, cursor));
  return (
    <ListView
      query={query}
      empty={{ title: t('inbox.noRequests'), hint: t('inbox.noRequestsHint') }}
      cursor={cursor}
      onPage={(to) => void navigate({ search: to === undefined ? {} : { cursor: to } })}
    >
      {(items) => {
        const openId = request ?? items[0]?.id;
        return (
          <div className="inbox-columns">
            <ul className="inbox-requests" aria-label={t('inbox.requests')}>
              {items.map((each) => (
                <li key={each.id}>
                  <RequestLink request={each} isOpen={each.id === openId} />
                </li>
              ))}
            </ul>
            {openId !== undefined && <RequestDetail key={openId} name={name} id={openId} />}
          </div>
        );
      }}
    </ListView>
  );
}

function RequestLink({ request, isOpen }: { request: InboxRequest; isOpen: boolean }) {
  const { t } = useTranslation();
  const { id, method, eventType, attemptNumber, receivedAt, answer } = request;
  return (
    <Link
      from="/integrations/inbox/$name"
      to="."
      search={(before) => ({ ...before, request: id })}
      className="inbox-request"
      // The router would mark all of them: they lead to one page.
      activeProps={{ 'aria-current': undefined }}
      aria-current={isOpen ? 'true' : undefined}
    >
      <Group justify="space-between" gap="xs">
        <Text span size="sm" fw={600} className="long-text">
          {method} {eventType ?? ''}
        </Text>
        <Verdict signature={request.signature} />
      </Group>
      <Text span size="xs" c="dimmed">
        <Instant at={receivedAt} />
        {attemptNumber !== null && ` · ${t('inbox.attempt', { number: attemptNumber })}`}
        {` · ${answerInWords(answer, t)}`}
      </Text>
    </Link>
  );
}
