import { Container, Paper, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Page } from '../../ui/page.tsx';

/** The frame of the pages for those who are not signed in yet. */
export function Entrance({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <Container component="main" size={460} py="xl">
      <Text fw={700} mb="md">
        Waybill
      </Text>
      <Paper withBorder p="xl">
        <Page title={title} {...(lead === undefined ? {} : { lead })}>
          {children}
        </Page>
      </Paper>
    </Container>
  );
}
