import { Text } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import { PageLink } from '../../ui/page-link.tsx';
import { useWebhookNames } from './deliveries.ts';

const WEBHOOKS = '/settings/notification-services/webhooks';

/** A webhook by its name, which leads to its page. */
export function WebhookLink({ id }: { id: string }) {
  const { nameOf } = useWebhookNames();
  const { routesByPath } = useRouter();
  const hasPage = Object.keys(routesByPath).some((path) => /^\/\$\w+$/.test(path.slice(WEBHOOKS.length)));
  const name = nameOf(id);
  const shown = { inherit: true, className: 'long-text', lineClamp: 2, miw: 90, maw: 300, title: name } as const;
  if (!hasPage) return <Text {...shown}>{name}</Text>;
  return (
    <PageLink to={`${WEBHOOKS}/${id}` as string} {...shown}>
      {name}
    </PageLink>
  );
}
