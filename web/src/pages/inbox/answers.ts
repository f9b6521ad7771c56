import type { TFunction } from 'i18next';
import type { InboxAnswer } from './inboxes.ts';

/** What an inbox is usually set to answer; whatever else the API has set is `other`. */
export type AnswerKind = 'ok' | 'error' | 'busy' | 'hang' | 'other';

/** For how long a receiver that is busy asks to be left alone, unless a person says otherwise. */
export const USUAL_RETRY_AFTER_S = 10;

export function kindOf(answer: InboxAnswer): AnswerKind {
  if ('hang' in answer) return 'hang';
  const { status, retryAfterS, delayMs } = answer;
  if (delayMs > 0) return 'other';
  if (status === 429 && retryAfterS !== null) return 'busy';
  if (retryAfterS !== null) return 'other';
  return status === 200 ? 'ok' : status === 500 ? 'error' : 'other';
}

/** The answer of a kind. */
export function answerOf(kind: Exclude<AnswerKind, 'other'>, retryAfterS = USUAL_RETRY_AFTER_S): InboxAnswer {
  switch (kind) {
    case 'ok':
      return { status: 200, retryAfterS: null, delayMs: 0 };
    case 'error':
      return { status: 500, retryAfterS: null, delayMs: 0 };
    case 'busy':
      return { status: 429, retryAfterS, delayMs: 0 };
    case 'hang':
      return { hang: true };
  }
}

/** An answer in words, whatever it is. */
export function answerInWords(answer: InboxAnswer, t: TFunction): string {
  if ('hang' in answer) return t('inbox.answer.hang');
  const { status, retryAfterS, delayMs } = answer;
  return [
    `HTTP ${status}`,
    ...(retryAfterS === null ? [] : [t('inbox.answer.retryAfter', { seconds: retryAfterS })]),
    ...(delayMs === 0 ? [] : [t('inbox.answer.delay', { ms: delayMs })]),
  ].join(', ');
}
