/** One step of the schema. Numbers have no gaps; a landed migration is never edited. */
export interface Migration {
  number: number;
  name: string;
  statements: readonly string[];
}
