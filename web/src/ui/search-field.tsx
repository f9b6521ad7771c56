import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { PAGE_SEARCH } from './page-search.ts';
import { useDraft } from './use-draft.ts';

interface SearchFieldProps {
  label: string;
  /** What it finds. */
  hint: string;
  value: string;
  /** Told when typing stops. */
  onSearch: (text: string) => void;
}

/** The search of a page. `/` goes to it. */
export function SearchField({ label, hint, value, onSearch }: SearchFieldProps) {
  const [text, change] = useDraft(value, (draft) => onSearch(draft.trim()));
  return (
    <TextInput
      {...PAGE_SEARCH}
      label={label}
      placeholder={hint}
      type="search"
      maxLength={200}
      flex={1}
      miw={220}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={text}
      onChange={({ currentTarget }) => change(currentTarget.value)}
    />
  );
}
