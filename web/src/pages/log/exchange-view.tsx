import { Group, Stack, Tabs, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Status } from '../../ui/status.tsx';
import { TextView } from '../../ui/text-view.tsx';
import { curlLine } from './curl-line.ts';
import type { Attempt } from './delivery.ts';
import type { DetailSearch } from './delivery-search.ts';

interface ExchangeViewProps {
  attempt: Attempt;
  part: DetailSearch['part'];
  onPart: (part: NonNullable<DetailSearch['part']>) => void;
}

/** What was sent in an attempt, and what came back. */
export function ExchangeView({ attempt, part, onPart }: ExchangeViewProps) {
  const { t } = useTranslation();
  const { request, response } = attempt;
  const shown = part ?? (response === null ? 'request' : 'response');
  return (
    <Tabs value={shown} onChange={(value) => onPart(value === 'request' ? 'request' : 'response')}>
      <Tabs.List>
        <Tabs.Tab value="request">{t('log.exchange.request')}</Tabs.Tab>
        <Tabs.Tab value="response">{t('log.exchange.response')}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="request" pt="md">
        {shown === 'request' &&
          (request === null ? <Text c="dimmed">{t('log.exchange.noRequest')}</Text> : <Request request={request} />)}
      </Tabs.Panel>
      <Tabs.Panel value="response" pt="md">
        {shown === 'response' &&
          (response === null ? (
            <Text c="dimmed">{t('log.exchange.noResponse')}</Text>
          ) : (
            <Response response={response} />
          ))}
      </Tabs.Panel>
    </Tabs>
  );
}

function Request({ request }: { request: NonNullable<Attempt['request']> }) {
  const { t } = useTranslation();
  const { method, url, headers, body } = request;
  return (
    <Stack gap="md">
      <Group justify="space-between" align="start" wrap="nowrap">
        <Text className="long-text" ff="monospace" size="sm">
          <strong>{method}</strong> {url}
        </Text>
        <CopyButton text={url} what={t('log.exchange.url')} isCompact />
      </Group>
      <Group>
        <CopyButton text={() => curlLine(request)} what={t('log.exchange.curl')} label={t('log.exchange.copyCurl')} />
      </Group>
      <Headers headers={headers} />
      <Body body={body} headers={headers} label={t('log.exchange.request')} />
    </Stack>
  );
}

function Response({ response }: { response: NonNullable<Attempt['response']> }) {
  const { t } = useTranslation();
  const { status, headers, body, truncated } = response;
  return (
    <Stack gap="md">
      <Group gap="xs">
        <HttpStatus status={status} />
        {truncated && <Text size="sm">{t('log.exchange.truncated')}</Text>}
      </Group>
      <Headers headers={headers} />
      <Body body={body} headers={headers} label={t('log.exchange.response')} />
    </Stack>
  );
}

/** A status of HTTP, and whether it is one of success. */
function HttpStatus({ status }: { status: number }) {
  return <Status kind={status >= 200 && status < 300 ? 'good' : 'bad'}>HTTP {status}</Status>;
}

function Headers({ headers }: { headers: Readonly<Record<string, string>> }) {
  const { t } = useTranslation();
  const entries = Object.entries(headers);
  return (
    <details>
      <summary className="fold">
        {t('log.exchange.headers')} ({entries.length})
      </summary>
      {entries.length === 0 ? <Text c="dimmed">{t('log.exchange.noHeaders')}</Text> : <Facts facts={entries} isCode />}
    </details>
  );
}

interface BodyProps {
  body: string | null;
  headers: Readonly<Record<string, string>>;
  label: string;
}

function Body({ body, headers, label }: BodyProps) {
  const { t } = useTranslation();
  if (body === null || body === '') {
    return <Text c="dimmed">{t(body === null ? 'log.exchange.noBody' : 'log.exchange.emptyBody')}</Text>;
  }
  const contentType = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return <TextView text={body} contentType={contentType} label={`${label}: ${t('log.exchange.body')}`} />;
}
