import { useTranslation } from 'react-i18next';
import type { Difference } from '../../ui/conflict-dialog.tsx';
import { type Draft, isKept, SETTINGS, type SettingName } from './draft.ts';
import { changedSettings } from './webhook-form.tsx';

/** Tells in words what two drafts do not agree about. */
export function useDifferences(): (mine: Draft, theirs: Draft) => Difference[] {
  const { t } = useTranslation();

  function shownOf(draft: Draft, setting: SettingName): string {
    return draft.own[setting] ? textOf(draft[setting]) : t('webhooks.origin.webhook.inherited');
  }

  return (mine, theirs) => {
    const changed = new Set(changedSettings(mine, theirs));
    const settings = SETTINGS.filter((name) => changed.has(name)).map((name) => ({
      label: t(`webhooks.settings.${name}`),
      mine: shownOf(mine, name),
      theirs: shownOf(theirs, name),
    }));
    const names = { label: t('common.name'), mine: mine.name, theirs: theirs.name };
    return mine.name === theirs.name ? settings : [names, ...settings];
  };
}

/** A value in little room: what is empty, and secrets, are left out. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ') || '–';
  if (typeof value !== 'object' || value === null) return value === '' ? '–' : String(value);
  const members = Object.entries(value).filter(([, member]) => member !== '' && !isKept(member));
  return members.map(([name, member]) => `${name}: ${textOf(member)}`).join('\n');
}
