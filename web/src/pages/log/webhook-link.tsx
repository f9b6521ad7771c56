import { PageLink } from '../../ui/page-link.tsx';
import { useWebhookNames } from './deliveries.ts';

/** A webhook by its name, which leads to its page. */
export function WebhookLink({ id }: { id: string }) {
  const { nameOf } = useWebhookNames();
  const name = nameOf(id);
  return (
    <PageLink
      to="/settings/notification-services/webhooks/$id"
      params={{ id }}
      inherit
      className="long-text"
      lineClamp={2}
      miw={90}
      maw={300}
      title={name}
    >
      {name}
    </PageLink>
  );
}
