import {
  IconActivity,
  IconArrowsTransferUpDown,
  IconBuilding,
  IconGauge,
  IconInbox,
  IconInfoCircle,
  IconKey,
  IconListSearch,
  type IconProps,
  IconTemplate,
  IconTransform,
  IconUserCheck,
  IconUsers,
  IconWebhook,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { Role } from './api/session.ts';
import type { en } from './locales/en/index.ts';

type Shell = (typeof en)['shell'];

/** A page that can be gone to. */
export interface Place {
  to: string;
  label: keyof Shell['places'];
  icon: ComponentType<IconProps>;
  /** Who may see it; absent: everybody who is signed in. */
  role?: Role;
}

/** Places under a heading of their own, inside of a section or as one. */
export interface Section {
  heading: keyof Shell['sections'] | null;
  entries: readonly (Place | Section)[];
}

/**
 * Where everything is. An entry shows as soon as `routes.tsx` has a page for its path, and to those only who may see it,
 * so a module that brings pages names their places here.
 */
export const NAVIGATION: readonly Section[] = [
  {
    heading: null,
    entries: [
      { to: '/dashboard', label: 'dashboard', icon: IconGauge },
      { to: '/events', label: 'events', icon: IconActivity },
      { to: '/transfers', label: 'transfers', icon: IconArrowsTransferUpDown },
      { to: '/stations', label: 'stations', icon: IconTransform },
    ],
  },
  {
    heading: 'settings',
    entries: [
      {
        heading: 'notificationServices',
        entries: [
          { to: '/settings/notification-services/webhooks', label: 'webhooks', icon: IconWebhook },
          { to: '/settings/notification-services/templates', label: 'templates', icon: IconTemplate, role: 'operator' },
        ],
      },
      { to: '/settings/instance', label: 'instance', icon: IconBuilding },
    ],
  },
  {
    heading: 'integrations',
    entries: [
      { to: '/integrations/webhooks', label: 'webhooksByStation', icon: IconWebhook },
      { to: '/integrations/inbox', label: 'inbox', icon: IconInbox },
    ],
  },
  {
    heading: 'administration',
    entries: [
      { to: '/administration/log-viewer', label: 'logViewer', icon: IconListSearch },
      { to: '/administration/api-keys', label: 'apiKeys', icon: IconKey, role: 'admin' },
      { to: '/administration/users', label: 'users', icon: IconUsers, role: 'admin' },
      { to: '/administration/sessions', label: 'sessions', icon: IconUserCheck },
    ],
  },
  { heading: null, entries: [{ to: '/about', label: 'about', icon: IconInfoCircle }] },
];

export function isPlace(entry: Place | Section): entry is Place {
  return 'to' in entry;
}

/** The sections with the places that pass, and without those in which nothing is left. */
export function onlyPlaces(sections: readonly Section[], passes: (place: Place) => boolean): Section[] {
  return sections
    .map((section) => ({ ...section, entries: section.entries.flatMap((entry) => kept(entry, passes)) }))
    .filter(({ entries }) => entries.length > 0);
}

function kept(entry: Place | Section, passes: (place: Place) => boolean): (Place | Section)[] {
  if (isPlace(entry)) return passes(entry) ? [entry] : [];
  return onlyPlaces([entry], passes);
}

/** Every place with the headings above it, in order. */
export function placesOf(sections: readonly Section[], above: Section['heading'][] = []) {
  return sections.flatMap(({ heading, entries }): { place: Place; headings: NonNullable<Section['heading']>[] }[] => {
    const headings = [...above, heading].filter((name) => name !== null);
    return entries.flatMap((entry) => (isPlace(entry) ? [{ place: entry, headings }] : placesOf([entry], headings)));
  });
}
