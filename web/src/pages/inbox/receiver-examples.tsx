import { Code, Group, Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '../../ui/copy-button.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { given } from '../list-search.ts';
import { receiverExamplesQuery } from './inboxes.ts';

/** Receivers that verify signatures, to be copied: one in each language. */
export function ReceiverExamples() {
  const { t } = useTranslation();
  const { language } = useSearch({ from: '/signed-in/integrations/inbox/$name' });
  const navigate = useNavigate({ from: '/integrations/inbox/$name' });
  const query = useQuery(receiverExamplesQuery);
  if (query.isPending) return <Skeleton height={320} role="status" aria-label={t('common.list.loading')} />;
  if (query.isError) {
    return <ProblemAlert title={t('common.list.failed')} error={query.error} onTryAgain={() => void query.refetch()} />;
  }
  const examples = query.data;
  const shown = examples.find((example) => example.language === language) ?? examples[0];
  if (shown === undefined) return null;
  return (
    <Stack>
      <Text>{t('inbox.verifyLead')}</Text>
      <Tabs
        value={shown.language}
        onChange={(value) =>
          void navigate({
            search: { tab: 'verify', ...given<{ language?: string }>({ language: value ?? undefined }) },
            replace: true,
          })
        }
        keepMounted={false}
      >
        <Tabs.List>
          {examples.map((example) => (
            <Tabs.Tab key={example.language} value={example.language}>
              {example.name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {examples.map(({ language: id, name, note, fileName, code }) => (
          <Tabs.Panel key={id} value={id} pt="md">
            <Stack gap="sm">
              <Group justify="space-between" align="start" wrap="nowrap">
                <Text size="sm" className="long-text">
                  <Note text={note} />
                </Text>
                <CopyButton text={code} what={fileName ?? name} />
              </Group>
              <Code block tabIndex={0} role="region" aria-label={fileName ?? name} mah="36rem">
                {code}
              </Code>
            </Stack>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}

/** Text whose every other part, between two backticks, is code. */
function Note({ text }: { text: string }) {
  return text.split('`').map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text do not move.
    <Fragment key={index}>{index % 2 === 1 ? <Code>{part}</Code> : part}</Fragment>
  ));
}
