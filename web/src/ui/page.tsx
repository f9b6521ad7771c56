import { Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';

interface PageProps {
  title: string;
  /** What the page is for, in a sentence. */
  lead?: ReactNode;
  /** What can be done on the page as a whole. */
  actions?: ReactNode;
  children: ReactNode;
}

/** The first page after loading leaves the focus where the browser has put it. */
let isFirst = true;

/** A page under its heading. Whoever comes from another page begins at the heading, as after loading a page. */
export function Page({ title, lead, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    if (!isFirst) heading.current?.focus();
    isFirst = false;
  }, []);

  useEffect(() => {
    document.title = `${title} · Waybill`;
  }, [title]);

  return (
    <Stack gap="lg">
      <Group justify="space-between" align="start">
        <Stack gap={4}>
          <Title order={1} size="h2" ref={heading} tabIndex={-1} className="page-heading long-text">
            {title}
          </Title>
          {lead !== undefined && <Text c="dimmed">{lead}</Text>}
        </Stack>
        {actions !== undefined && <Group gap="sm">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
