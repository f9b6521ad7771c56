import { NavLink, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { isPlace, type Place, type Section } from '../navigation.ts';
import { useCurrentPlace, useSections } from './use-places.ts';

/** The main navigation: a list of places, under the headings that lead to them. */
export function NavigationLinks({ onGone }: { onGone: () => void }) {
  return useSections().map((section, index) => (
    <SectionLinks key={section.heading ?? index} section={section} onGone={onGone} />
  ));
}

function SectionLinks({ section: { heading, entries }, onGone }: { section: Section; onGone: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      {heading !== null && (
        <Text size="xs" fw={600} c="dimmed" mt="md" px="sm" id={`places-${heading}`}>
          {t(`shell.sections.${heading}`)}
        </Text>
      )}
      <ul className="places" {...(heading === null ? {} : { 'aria-labelledby': `places-${heading}` })}>
        {entries.map((entry) => (
          <li key={isPlace(entry) ? entry.to : entry.heading}>
            {isPlace(entry) ? (
              <PlaceLink place={entry} onGone={onGone} />
            ) : (
              <SectionLinks section={entry} onGone={onGone} />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function PlaceLink({ place, onGone }: { place: Place; onGone: () => void }) {
  const { t } = useTranslation();
  const isCurrent = useCurrentPlace().place === place;
  const Icon = place.icon;
  return (
    <NavLink
      component={Link}
      to={place.to}
      label={t(`shell.places.${place.label}`)}
      leftSection={<Icon size={18} aria-hidden />}
      active={isCurrent}
      aria-current={isCurrent ? 'page' : undefined}
      onClick={onGone}
    />
  );
}
