import './tab-links.css';
import { Group } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { ComponentProps, ReactNode } from 'react';

/** Pages that belong together, as tabs above each of them. Tabs are links: each has its address. */
export function TabLinks({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Group component="nav" aria-label={label} gap={0} className="tab-links">
      {children}
    </Group>
  );
}

function AnchorOfTab(props: ComponentProps<'a'>) {
  return <a {...props} className="tab-link" />;
}

/** One of them: `to` is checked against the routes, and `activeOptions` says when it is the current one. */
export const TabLink = createLink(AnchorOfTab);
