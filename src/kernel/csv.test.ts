import { describe, expect, test } from 'vitest';
import { csvLine } from './csv.ts';

describe('a line of CSV', () => {
  test.each([
    [['a', 'b'], 'a,b'],
    [['a', null, 7, -7], 'a,,7,-7'],
    [['a,b', 'say "hi"', 'two\nlines', 'cr\r'], '"a,b","say ""hi""","two\nlines","cr\r"'],
    [['', ' a '], ', a '],
    [['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'], "'=1+1,'+1,'-1,'@SUM(A1),'\t=1"],
    [['=HYPERLINK("x","y")'], '"\'=HYPERLINK(""x"",""y"")"'],
    [['a=b', '2-1'], 'a=b,2-1'],
  ])('of %j is %j', (cells, line) => {
    expect(csvLine(cells)).toBe(`${line}\r\n`);
  });
});
