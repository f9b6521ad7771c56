import type { Param } from './command.ts';

/**
 * A WHERE clause of the conditions whose parameter is given, joined by AND; empty when none is. For lists with
 * optional filters: every combination is a text of its own, and so a prepared statement of its own.
 */
export function conditions(all: readonly [sql: string, param: Param][]): { where: string; params: Param[] } {
  const given = all.filter(([, param]) => param !== null);
  const where = given.length === 0 ? '' : `WHERE ${given.map(([sql]) => sql).join(' AND ')}`;
  return { where, params: given.map(([, param]) => param) };
}
