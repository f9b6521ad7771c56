import { Group, Text } from '@mantine/core';
import { CopyButton } from './copy-button.tsx';

/** An id, letter by letter, to be read and to be copied. */
export function Id({ id }: { id: string }) {
  return (
    <Group component="span" gap={4} wrap="nowrap">
      <Text span size="sm" ff="monospace" className="long-text">
        {id}
      </Text>
      <CopyButton text={id} what={id} isCompact />
    </Group>
  );
}
