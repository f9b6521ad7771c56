import './editor.css';
import { Text } from '@mantine/core';
import { type RefObject, useEffect, useEffectEvent, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { type Editor, type Fault, startEditor } from './editor-view.ts';
import type { Draft, Variable } from './templates.ts';

interface TemplateEditorProps extends Draft {
  onChange: (template: string) => void;
  faults: readonly Fault[];
  variables: readonly Variable[];
  /** Where the editor is to be found, for whoever inserts something. */
  editor: RefObject<Editor | null>;
}

/** The editor of a template. What is typed is the editor's: `template` is only what it begins with. */
export function TemplateEditor({ template, contentType, onChange, faults, variables, editor }: TemplateEditorProps) {
  const { t } = useTranslation();
  const parent = useRef<HTMLDivElement>(null);
  const hintId = useId();
  const onTyped = useEffectEvent(onChange);
  const begin = useEffectEvent((place: HTMLElement) =>
    startEditor({
      parent: place,
      text: template,
      contentType,
      label: t('templates.template'),
      hintId,
      nonce: globalThis.__webpack_nonce__,
      onChange: (text) => onTyped(text),
    }),
  );

  useEffect(() => {
    if (parent.current === null) return;
    const started = begin(parent.current);
    editor.current = started;
    return () => {
      editor.current = null;
      started.destroy();
    };
  }, [editor]);
  useEffect(() => editor.current?.setLanguage(contentType), [editor, contentType]);
  useEffect(() => editor.current?.setVariables(variables), [editor, variables]);
  useEffect(() => editor.current?.mark(faults), [editor, faults]);

  return (
    <div>
      <div className="template-editor" ref={parent} />
      <Text id={hintId} size="xs" c="dimmed" mt={4}>
        {t('templates.keyboard')}
      </Text>
    </div>
  );
}
