import type { TFunction } from 'i18next';
import type { Fault } from './editor-view.ts';
import { placesOf } from './places.ts';
import type { Preview } from './templates.ts';

/** What a preview has found, at its places in the template. What has no place there is left out. */
export function faultsOf({ errors, unknownVariables }: Preview, template: string, t: TFunction): Fault[] {
  const wrong = errors.flatMap(({ detail, line, column }): Fault[] =>
    line === null ? [] : [{ message: detail, severity: 'error', at: { line, column: column ?? 1 } }],
  );
  const unknown = unknownVariables.flatMap(({ name, nearest }) =>
    placesOf(name, template).map(
      (at): Fault => ({
        message: t('templates.unknown', { name }),
        severity: 'warning',
        at,
        ...(nearest === null ? {} : { fix: { name: t('templates.use', { name: nearest }), text: nearest } }),
      }),
    ),
  );
  return [...wrong, ...unknown];
}
