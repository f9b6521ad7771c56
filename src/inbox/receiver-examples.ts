/** A receiver that verifies signatures, as the guide for those who write one has it. */
export interface ReceiverExample {
  language: string;
  /** The language, as people call it. */
  name: string;
  /** What it needs to run, in Markdown. */
  note: string;
  /** What the guide calls its file; null for lines to be typed. */
  fileName: string | null;
  code: string;
}

/** By the language of their fence in the guide, in the order to show them in. */
const LANGUAGES: Readonly<Record<string, Pick<ReceiverExample, 'language' | 'name'>>> = {
  js: { language: 'node', name: 'Node' },
  python: { language: 'python', name: 'Python' },
  go: { language: 'go', name: 'Go' },
  java: { language: 'java', name: 'Java' },
  php: { language: 'php', name: 'PHP' },
  csharp: { language: 'csharp', name: 'C#' },
  sh: { language: 'shell', name: 'Shell' },
};

const CHAPTER = '\n## Verifying the signature\n';
/** What follows a heading: a note, and the example. */
const EXAMPLE = /^.+\n\n([\s\S]+?)\n\n```(\w+)\n([\s\S]*?)^```$/m;

/**
 * The examples of the guide's chapter on the usual way to sign: docs/receiving-webhooks.md, whose examples are run by a
 * test. Throws when the guide has none of a language. Pure.
 */
export function receiverExamples(guide: string): ReceiverExample[] {
  const start = guide.indexOf(CHAPTER) + CHAPTER.length;
  const chapter = guide.slice(start, guide.indexOf('\n## ', start));
  const sections = chapter.split('\n### ').map((section) => EXAMPLE.exec(section) ?? []);
  const found = new Map(sections.map(([, note = '', fence = '', code = '']) => [fence, { note, code }]));
  return Object.entries(LANGUAGES).map(([fence, language]) => {
    const example = found.get(fence);
    if (example === undefined) throw new Error(`The guide for receivers has no example in ${language.name}.`);
    return { ...language, ...example, fileName: fileNameOf(example.code) };
  });
}

/** What the comment of the first line says. */
function fileNameOf(code: string): string | null {
  return /^.*(?:\/\/|#) (\S+\.\w+)$/m.exec(code.split('\n', 1)[0] ?? '')?.[1] ?? null;
}
