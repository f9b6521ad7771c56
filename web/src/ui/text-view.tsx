import './text-view.css';
import { Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { later } from '../api/connection.ts';
import { CopyButton } from './copy-button.tsx';
import { chunksOf, formatOf, linesOf, type TextFormat } from './pretty.ts';

interface TextViewProps {
  text: string;
  /** What its sender says it is: a media type. */
  contentType?: string;
  /** What it is, for those who do not see where it stands. */
  label: string;
}

/** A text from elsewhere, laid out where it is JSON or XML, or as it is; never anything but text. Its size may be anything. */
export function TextView({ text, contentType = '', label }: TextViewProps) {
  const { t, i18n } = useTranslation();
  const format = useMemo(() => formatOf(text, contentType), [text, contentType]);
  const [isRaw, setRaw] = useState(false);
  const bytes = useMemo(() => new TextEncoder().encode(text).length, [text]);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Group gap="sm">
          {format !== null && (
            <SegmentedControl
              size="xs"
              aria-label={t('log.text.view')}
              value={isRaw ? 'raw' : 'pretty'}
              onChange={(value) => setRaw(value === 'raw')}
              data={[
                { value: 'pretty', label: t('log.text.pretty') },
                { value: 'raw', label: t('log.text.raw') },
              ]}
            />
          )}
          <Text size="sm" c="dimmed">
            {sizeInWords(bytes, i18n.language)}
          </Text>
        </Group>
        <CopyButton text={text} what={t('log.text.body')} isCompact />
      </Group>
      <Chunks text={text} format={isRaw ? null : format} label={label} />
    </Stack>
  );
}

/** A number of bytes as people say it. */
export function sizeInWords(bytes: number, language: string): string {
  const [unit, unitDisplay, divisor] =
    bytes < 1_000 ? (['byte', 'long', 1] as const) : (['kilobyte', 'short', 1_000] as const);
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay,
    maximumFractionDigits: 1,
  }).format(bytes / divisor);
}

/** For how long a text is laid out at a stretch: whatever a person does meanwhile is answered at once. */
const SLICE_MS = 10;

function Chunks({ text, format, label }: { text: string; format: TextFormat; label: string }) {
  const { t } = useTranslation();
  const [laidOut, setLaidOut] = useState<{ chunks: readonly string[]; isDone: boolean }>({ chunks: [], isDone: false });

  useEffect(() => {
    const more = chunksOf(linesOf(text, format));
    const chunks: string[] = [];
    let cancel = (): void => undefined;
    function goOn(): void {
      const startedAt = performance.now();
      let next = more.next();
      for (; next.done !== true && performance.now() - startedAt < SLICE_MS; next = more.next())
        chunks.push(next.value);
      if (next.done !== true) chunks.push(next.value);
      setLaidOut({ chunks: [...chunks], isDone: next.done === true });
      if (next.done !== true) cancel = later(0, goOn);
    }
    goOn();
    return () => cancel();
  }, [text, format]);

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reachable by keyboard.
    <section className="text-view" aria-label={label} tabIndex={0}>
      {laidOut.chunks.map((chunk, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: chunks are only ever added at the end.
        <pre key={index} className="text-chunk">
          {chunk}
        </pre>
      ))}
      {!laidOut.isDone && <Text size="sm">{t('log.text.preparing')}</Text>}
    </section>
  );
}
