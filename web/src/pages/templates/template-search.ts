import { given, readText } from '../list-search.ts';

/** What the URL of the editor says: whose template it is, and what it is tried with. */
export interface TemplateSearch {
  webhookId?: string;
  /** The built-in type whose sample it is tried with, */
  type?: string;
  /** or the id of an event that was published. */
  event?: string;
  panel?: 'variables' | 'default';
}

/** Reads it; what makes no sense is left out. */
export function readTemplateSearch({ webhookId, type, event, panel }: Record<string, unknown>): TemplateSearch {
  return given<TemplateSearch>({
    webhookId: readText(webhookId),
    type: readText(type),
    event: readText(event),
    panel: panel === 'variables' || panel === 'default' ? panel : undefined,
  });
}
