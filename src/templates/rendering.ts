import { grammarOf } from './grammar.ts';
import { type ParsedTemplate, parseTemplate, TemplateFault } from './language.ts';
import { MAX_BODY_BYTES } from './limits.ts';
import { scopeOf } from './scope.ts';
import type { Sheet } from './sheet.ts';
import type { TemplateEvent } from './variables.ts';
import { malformationOf } from './well-formed.ts';

/** Characters of templates that are kept parsed: one of them takes some thirty times its size. */
const MOST_KEPT = 512 * 1024;

/** Templates by their text, those used longest ago first. */
const kept = new Map<string, ParsedTemplate>();
let keptCharacters = 0;

/** The template as it can be rendered, parsed when it was not at hand. Throws a `TemplateFault`. */
export function templateOf(text: string): ParsedTemplate {
  let template = kept.get(text);
  if (template === undefined) {
    template = parseTemplate(text);
    keptCharacters += text.length;
  }
  kept.delete(text);
  kept.set(text, template);
  for (const [oldest] of kept) {
    if (keptCharacters <= MOST_KEPT || kept.size === 1) break;
    kept.delete(oldest);
    keptCharacters -= oldest.length;
  }
  return template;
}

/** What came of a rendering. A body that is no document of its media type is there beside the fault. */
export type Rendering = { body: string; fault: null } | { body: string | null; fault: TemplateFault };

/**
 * Renders a template for an event, and reads the body as what its media type says it is. Both kinds of fault are values
 * here: a template is somebody else's program.
 */
export function renderTemplate(template: ParsedTemplate, of: TemplateEvent, contentType: string): Rendering {
  let body: string;
  try {
    body = template.render(scopeOf(of, template.names), grammarOf(contentType)).buffer;
  } catch (error) {
    if (error instanceof TemplateFault) return { body: null, fault: error };
    throw error;
  }
  if (Buffer.byteLength(body) > MAX_BODY_BYTES) {
    return { body: null, fault: new TemplateFault('The body is larger than 1 MiB.', null) };
  }
  const malformation = malformationOf(body, contentType);
  if (malformation === null) return { body, fault: null };
  // Once more, this time with a note of where each piece of the body comes from.
  const sheet = template.render(scopeOf(of, template.names), grammarOf(contentType), { isTraced: true });
  return { body, fault: placed(malformation, template, sheet) };
}

function placed(
  { detail, offset }: { detail: string; offset: number | null },
  template: ParsedTemplate,
  sheet: Sheet,
): TemplateFault {
  const { misplaced } = sheet;
  if (misplaced !== null) {
    const advice = 'is text and stands outside of quotes: put quotes around it, or print it with `| tojson`';
    return new TemplateFault(`${misplaced.getText()} ${advice}. ${detail}`, template.placeOf(misplaced.begin));
  }
  return new TemplateFault(detail, offset === null ? null : template.placeOf(sheet.sourceOf(offset)));
}
