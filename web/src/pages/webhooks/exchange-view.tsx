import { Button, Code, Group, Stack, Tabs, Text } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Callout } from '../../ui/callout.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Instant } from '../../ui/instant.tsx';
import { Status } from '../../ui/status.tsx';
import { TextView } from '../../ui/text-view.tsx';
import { formatMeasured } from './duration.ts';
import type { Exchange } from './webhook-queries.ts';

interface ExchangeViewProps {
  exchange: Exchange;
  /** Takes the certificate's fingerprint into the settings; absent where they cannot be changed here. */
  onPin?: ((sha256: string) => void) | undefined;
}

/** All of a connection test: verdict and remedy, how long each phase took, what was sent and what came back. */
export function ExchangeView({ exchange, onPin }: ExchangeViewProps) {
  const { t } = useTranslation();
  const { request, response } = exchange;
  const [side, setSide] = useState<string | null>(response === null ? 'request' : 'response');
  return (
    <Stack gap="md">
      <Verdict exchange={exchange} />
      <Phases timings={exchange.timings} />
      <Peer exchange={exchange} onPin={onPin} />
      <Tabs value={side} onChange={setSide} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="response" disabled={response === null}>
            {t('webhooks.test.response')}
          </Tabs.Tab>
          <Tabs.Tab value="request">{t('webhooks.test.request')}</Tabs.Tab>
          <Tabs.Tab value="curl">{t('webhooks.test.curl')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="response" pt="sm">
          {response !== null && (
            <Message
              firstLine={`HTTP ${response.status}`}
              headers={response.headers}
              body={response.body}
              note={response.truncated ? t('webhooks.test.truncated') : undefined}
            />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="request" pt="sm">
          <Message firstLine={`${request.method} ${request.url}`} headers={request.headers} body={request.body} />
        </Tabs.Panel>
        <Tabs.Panel value="curl" pt="sm">
          <Stack gap="xs">
            <Code block className="code-block" tabIndex={0}>
              {exchange.curl}
            </Code>
            <Group justify="space-between">
              <Text size="xs" c="dimmed">
                {t('webhooks.test.curlHint')}
              </Text>
              <CopyButton text={exchange.curl} what="curl" />
            </Group>
          </Stack>
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function Verdict({ exchange: { ok, response, error, timings } }: { exchange: Exchange }) {
  const { t } = useTranslation();
  if (ok) {
    const facts = { status: response?.status ?? 0, span: formatMeasured(timings?.totalMs ?? 0) };
    return (
      <Callout kind="good" title={t('webhooks.test.ok')} role="status">
        {t('webhooks.test.okHint', facts)}
      </Callout>
    );
  }
  return (
    <Callout kind="bad" role="status" title={t('webhooks.test.failed')}>
      <Stack gap={6}>
        <Group gap="xs">
          <Status kind="bad">{error?.code ?? 'unknown'}</Status>
          {response !== null && <Status kind="neutral">{`HTTP ${response.status}`}</Status>}
        </Group>
        <Text size="sm" className="long-text">
          {error?.message}
        </Text>
        <Text size="sm" className="long-text">
          <strong>{t('webhooks.test.remedy')}</strong> {error?.remedy}
        </Text>
      </Stack>
    </Callout>
  );
}

const PHASES = ['dnsMs', 'connectMs', 'tlsMs', 'sentMs', 'firstByteMs'] as const;

/** How the time was spent: a bar of the phases there were, and the same in a list. */
function Phases({ timings }: { timings: Exchange['timings'] }) {
  const { t } = useTranslation();
  if (timings === null) return null;
  const known = PHASES.flatMap((phase) => {
    const ms = timings[phase];
    return ms === null ? [] : [{ phase: phase as (typeof PHASES)[number] | 'rest', ms }];
  });
  const restMs = Math.max(0, timings.totalMs - known.reduce((sum, { ms }) => sum + ms, 0));
  const phases = [...known, { phase: 'rest' as const, ms: restMs }];
  return (
    <div>
      <div className="phases" aria-hidden>
        {phases.map(({ phase, ms }) => (
          <span
            key={phase}
            className={`phase phase-${phase}`}
            style={{ flexGrow: Math.max(ms, timings.totalMs / 200) }}
          />
        ))}
      </div>
      <dl className="phase-list">
        {phases.map(({ phase, ms }) => (
          <div key={phase}>
            <dt>
              <span className={`phase-key phase-${phase}`} aria-hidden /> {t(`webhooks.phases.${phase}`)}
            </dt>
            <dd>{formatMeasured(ms)}</dd>
          </div>
        ))}
        <div>
          <dt>{t('webhooks.phases.totalMs')}</dt>
          <dd>
            <strong>{formatMeasured(timings.totalMs)}</strong>
          </dd>
        </div>
      </dl>
    </div>
  );
}

/** Who answered, and by which certificate. */
function Peer({ exchange, onPin }: ExchangeViewProps) {
  const { t } = useTranslation();
  const { remoteAddress, proxy, certificate } = exchange;
  const facts: [string, ReactNode][] = [];
  if (remoteAddress !== null) facts.push([t('webhooks.test.address'), <Code key="address">{remoteAddress}</Code>]);
  if (proxy !== undefined) facts.push([t('webhooks.test.proxy'), <Code key="proxy">{proxy}</Code>]);
  if (certificate !== null) {
    facts.push(
      [t('webhooks.test.subject'), certificate.subject],
      [t('webhooks.test.issuer'), certificate.issuer],
      [t('webhooks.test.notAfter'), <Instant key="until" at={certificate.notAfter} show="both" />],
      [
        t('webhooks.test.fingerprint'),
        <Group key="fingerprint" gap="xs">
          <Code className="long-text">{certificate.sha256}</Code>
          {onPin !== undefined && (
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<IconLock size={13} aria-hidden />}
              onClick={() => onPin(certificate.sha256)}
            >
              {t('webhooks.test.pin')}
            </Button>
          )}
        </Group>,
      ],
    );
  }
  if (facts.length === 0) return null;
  return <Facts facts={facts} />;
}

interface MessageProps {
  firstLine: string;
  headers: Record<string, string>;
  body: string;
  note?: string | undefined;
}

function Message({ firstLine, headers, body, note }: MessageProps) {
  const { t } = useTranslation();
  const head = [firstLine, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\n');
  return (
    <Stack gap="xs">
      <Code block className="code-block" tabIndex={0}>
        {head}
      </Code>
      {note !== undefined && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
      {body === '' ? (
        <Text size="sm" c="dimmed">
          {t('webhooks.test.noBody')}
        </Text>
      ) : (
        <TextView text={body} contentType={headers['content-type'] ?? ''} label={t('webhooks.test.body')} />
      )}
    </Stack>
  );
}
