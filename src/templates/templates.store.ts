import { command, type Handler, handleCommand } from '../store/index.ts';

/** Does nothing: it is what the answer to a repeatable preview is kept with. */
export const keepPreview = command<null, null>('templates.keep_preview');

export function templateHandlers(): Handler[] {
  return [handleCommand(keepPreview, async () => null)];
}
