import './log.css';
import { Button, Menu } from '@mantine/core';
import { IconBookmark, IconPlus, IconTrash } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { notify } from '../../ui/notify.ts';
import type { DeliveryFilter } from './delivery-search.ts';
import { keepViews, useKeptViews } from './kept-views.ts';
import { SaveViewDialog } from './save-view-dialog.tsx';
import { BUILT_IN_NAMES, BUILT_IN_VIEWS, builtInViewOf, type View, viewOf, withoutView } from './views.ts';

interface ViewsMenuProps {
  filter: DeliveryFilter;
  onChoose: (filter: DeliveryFilter) => void;
}

/** Goes to filters that have a name, and gives a name to those in force. */
export function ViewsMenu({ filter, onChoose }: ViewsMenuProps) {
  const { t } = useTranslation();
  const [isSaving, setSaving] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const own = useKeptViews();
  const current = viewOf(own, filter);

  function remove({ name }: View): void {
    const isDone = keepViews(withoutView(own, name));
    notify({ isGood: isDone, message: isDone ? t('log.views.removed', { name }) : t('log.views.notKept') });
  }

  /** Back to where the menu was opened: what was chosen in it is gone. */
  function closeDialog(): void {
    setSaving(false);
    button.current?.focus();
  }

  return (
    <>
      <Menu position="bottom-end" width={300} withinPortal={false} withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <Button ref={button} variant="default" leftSection={<IconBookmark size={16} aria-hidden />}>
            {t('log.views.label')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <ViewChoice own={own} filter={filter} onChoose={onChoose} />
          <Menu.Divider />
          <Menu.Item leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setSaving(true)}>
            {t('log.views.save')}
          </Menu.Item>
          {current !== null && (
            <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={() => remove(current)}>
              <span className="long-text">{t('log.views.remove', { name: current.name })}</span>
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {isSaving && <SaveViewDialog filter={filter} onClose={closeDialog} />}
    </>
  );
}

function ViewChoice({ own, filter, onChoose }: ViewsMenuProps & { own: readonly View[] }) {
  const { t } = useTranslation();
  const current = viewOf(own, filter);
  // Of two that show the same, one's own is the current one: it can be removed.
  const currentBuiltIn = current === null ? builtInViewOf(filter) : null;

  return (
    <div className="log-views">
      {BUILT_IN_NAMES.map((name) => (
        <ViewItem
          key={name}
          name={t(`log.views.builtIn.${name}`)}
          isCurrent={name === currentBuiltIn}
          onChoose={() => onChoose(BUILT_IN_VIEWS[name])}
        />
      ))}
      {own.length > 0 && <Menu.Label>{t('log.views.own')}</Menu.Label>}
      {own.map((view) => (
        <ViewItem
          key={view.name}
          name={view.name}
          isCurrent={view === current}
          onChoose={() => onChoose(view.filter)}
        />
      ))}
    </div>
  );
}

interface ViewItemProps {
  name: string;
  isCurrent: boolean;
  onChoose: () => void;
}

/** The current one can be chosen as well: that leads from the older deliveries to the newest. */
function ViewItem({ name, isCurrent, onChoose }: ViewItemProps) {
  return (
    <Menu.RadioItem
      value={name}
      checked={isCurrent}
      data-autofocus={isCurrent || undefined}
      closeMenuOnClick
      onClick={onChoose}
      onFocus={({ currentTarget }) => currentTarget.scrollIntoView({ block: 'nearest' })}
    >
      <span className="long-text">{name}</span>
    </Menu.RadioItem>
  );
}
