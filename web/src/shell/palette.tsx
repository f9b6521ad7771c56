import { Spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { placesOf } from '../navigation.ts';
import { useSections } from './use-places.ts';

/** Something that can be done from everywhere. */
export interface Command {
  id: string;
  label: string;
  run: () => void;
}

/** Goes to every page and does every command by its name (⌘K, Ctrl-K). */
export function Palette({ commands }: { commands: readonly Command[] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const places = placesOf(useSections()).map(({ place, headings }) => {
    const Icon = place.icon;
    return {
      id: place.to,
      label: t(`shell.places.${place.label}`),
      description: headings.map((heading) => t(`shell.sections.${heading}`)).join(' › '),
      leftSection: <Icon size={20} aria-hidden />,
      onClick: () => void navigate({ to: place.to }),
    };
  });
  const others = commands.map(({ id, label, run }) => ({ id, label, onClick: run }));
  return (
    <Spotlight
      actions={[...places, ...others]}
      shortcut="mod + K"
      tagsToIgnore={[]}
      attributes={{ content: { 'aria-label': t('shell.searchHint') } }}
      nothingFound={t('shell.nothingFound')}
      highlightQuery
      scrollable
      maxHeight="60vh"
      searchProps={{
        leftSection: <IconSearch size={20} aria-hidden />,
        placeholder: t('shell.searchHint'),
        'aria-label': t('shell.searchHint'),
      }}
    />
  );
}
