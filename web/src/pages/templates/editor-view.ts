import { autocompletion, type Completion, closeBrackets, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { closePercentBrace, liquid } from '@codemirror/lang-liquid';
import { xml } from '@codemirror/lang-xml';
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { Variable } from './templates.ts';

/** What is wrong, and where: lines and columns count from 1. */
export interface Fault {
  message: string;
  severity: 'error' | 'warning';
  /** Where in the text; an object of lines is of the server's, one of offsets is ours. */
  at: { line: number; column: number } | { from: number; to: number };
  /** What puts it right. */
  fix?: { name: string; text: string };
}

/** An editor on the page. */
export interface Editor {
  /** Puts a text where the cursor is. */
  insert(text: string): void;
  /** Another text in the place of all of it. It can be undone. */
  replace(text: string): void;
  /** Another text in some places. */
  replaceAt(places: readonly { from: number; to: number }[], text: string): void;
  goTo(line: number, column: number): void;
  mark(faults: readonly Fault[]): void;
  setLanguage(contentType: string): void;
  setVariables(variables: readonly Variable[]): void;
  destroy(): void;
}

interface EditorOptions {
  parent: HTMLElement;
  text: string;
  contentType: string;
  /** What it is called, for those who do not see it, and the id of what says how to leave it. */
  label: string;
  hintId: string;
  /** What lets the editor add its style elements. */
  nonce: string;
  onChange: (text: string) => void;
}

const colors = HighlightStyle.define([
  { tag: [tags.string, tags.attributeValue], color: 'var(--status-good-text)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--status-busy-text)' },
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword], color: 'var(--status-bad-text)' },
  { tag: [tags.propertyName, tags.tagName, tags.attributeName], color: 'var(--mantine-color-text)', fontWeight: '600' },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: 'var(--status-waiting-text)' },
  { tag: [tags.comment, tags.meta, tags.processingInstruction], color: 'var(--mantine-color-dimmed)' },
]);

const look = EditorView.theme({
  '&': { fontSize: 'var(--mantine-font-size-sm)', backgroundColor: 'var(--mantine-color-body)', height: '34rem' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)' },
  '.cm-content': { caretColor: 'var(--mantine-color-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-gutters': {
    backgroundColor: 'var(--mantine-color-default-hover)',
    color: 'var(--mantine-color-dimmed)',
    border: 'none',
  },
  '.cm-activeLine': { backgroundColor: 'transparent', boxShadow: 'inset 0 0 0 1px var(--mantine-color-default-hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--mantine-primary-color-light-hover)',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--mantine-color-body)',
    color: 'var(--mantine-color-text)',
    border: '1px solid var(--mantine-color-default-border)',
  },
  '.cm-panels': { backgroundColor: 'var(--mantine-color-body)', color: 'var(--mantine-color-text)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--mantine-primary-color-filled)',
    color: 'var(--mantine-color-white)',
  },
});

/** Names without a dot, and for each object the members that it has. */
function completionsOf(variables: readonly Variable[]) {
  const byParent = new Map<string, Map<string, Completion>>();
  for (const { name, meaning } of variables) {
    const parts = name.split('.');
    for (const [index, label] of parts.entries()) {
      const parent = parts.slice(0, index).join('.');
      const members = byParent.get(parent) ?? new Map<string, Completion>();
      byParent.set(parent, members);
      const isWhole = index === parts.length - 1;
      if (isWhole || !members.has(label)) {
        members.set(label, { label, type: 'variable', ...(isWhole ? { info: meaning } : {}) });
      }
    }
  }
  const membersOf = (parent: string): Completion[] => [...(byParent.get(parent)?.values() ?? [])];
  return { variables: membersOf(''), properties: (path: readonly string[]) => membersOf(path.join('.')) };
}

function languageOf(contentType: string, variables: readonly Variable[]): Extension {
  const base = /[/+]xml\b/i.test(contentType) ? xml() : json();
  return liquid({ ...completionsOf(variables), ...(/[/+](xml|json)\b/i.test(contentType) ? { base } : {}) });
}

/** Starts an editor for templates. Tab indents, and after Escape it leaves the editor. */
export function startEditor({ parent, text, contentType, label, hintId, nonce, onChange }: EditorOptions): Editor {
  const language = new Compartment();
  let known: readonly Variable[] = [];
  let media = contentType;

  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorView.cspNonce.of(nonce),
        lineNumbers(),
        history(),
        drawSelection(),
        indentUnit.of('  '),
        bracketMatching(),
        closeBrackets(),
        closePercentBrace,
        autocompletion(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        lintGutter(),
        language.of(languageOf(media, known)),
        syntaxHighlighting(colors),
        look,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label, 'aria-describedby': hintId, spellcheck: 'false' }),
        keymap.of([
          ...completionKeymap,
          ...lintKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...defaultKeymap,
          indentWithTab,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });

  function renew(): void {
    view.dispatch({ effects: language.reconfigure(languageOf(media, known)) });
  }

  function replaceAt(places: readonly { from: number; to: number }[], insert: string): void {
    view.dispatch({ changes: places.map((place) => ({ ...place, insert })), userEvent: 'input' });
  }

  return {
    insert(piece) {
      view.dispatch(view.state.replaceSelection(piece), { scrollIntoView: true, userEvent: 'input' });
      view.focus();
    },
    replace: (whole) => replaceAt([{ from: 0, to: view.state.doc.length }], whole),
    replaceAt,
    goTo(line, column) {
      view.dispatch({ selection: { anchor: offsetOf(view.state, line, column) }, scrollIntoView: true });
      view.focus();
    },
    mark(faults) {
      const { state } = view;
      const diagnostics = faults.map((fault): Diagnostic => {
        const { message, severity, at, fix } = fault;
        const { from, to } = 'line' in at ? restOfWord(state, offsetOf(state, at.line, at.column)) : at;
        const place = { from: Math.min(from, state.doc.length), to: Math.min(to, state.doc.length) };
        const actions = fix === undefined ? {} : { actions: [actionOf(fix)] };
        return { ...place, severity, message, ...actions };
      });
      view.dispatch(setDiagnostics(state, diagnostics));
    },
    setLanguage(contentType) {
      media = contentType;
      renew();
    },
    setVariables(variables) {
      known = variables;
      renew();
    },
    destroy: () => view.destroy(),
  };

  function actionOf({ name, text }: { name: string; text: string }) {
    return { name, apply: (_: EditorView, from: number, to: number) => replaceAt([{ from, to }], text) };
  }
}

function offsetOf({ doc }: EditorState, line: number, column: number): number {
  const { from, to } = doc.line(Math.min(Math.max(1, line), doc.lines));
  return Math.min(from + column - 1, to);
}

/** From there to the end of the word, of one character at least. */
function restOfWord({ doc }: EditorState, from: number): { from: number; to: number } {
  const { to, text, from: start } = doc.lineAt(from);
  const [word = ''] = /^\w*/.exec(text.slice(from - start)) ?? [];
  return { from, to: Math.min(to, from + Math.max(1, word.length)) };
}
